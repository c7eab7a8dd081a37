"""Long threads and their summaries, for tests."""

from typing import Any

import httpx
from sqlalchemy import update

from app.core.demo_summary import summary_of
from app.core.summary_prompt import SUMMARISE, summary_in
from app.db import summaries
from app.db.rows import SummaryRow
from app.db.summary_tables import summaries as table
from tests.support.fake_upstream import FakeUpstream, RecordedRequest
from tests.support.replies import Reply
from tests.support.response_events import last_user_text
from tests.support.rows import connected
from tests.support.waiting import wait_until

# A window that a few hundred short messages fill; a thread is summarised from 1000 tokens on.
SMALL = {"context_window": 4096, "history_tokens": 1000, "lease_seconds": 1}
FILLER = "This says nothing in particular, but it says it at some length, as people do:"


def long_thread(
    http: httpx.Client, fact: str, *, count: int = 399, filler: str = FILLER, **body: Any
) -> str:
    """Return a thread with so many messages, of which the third is the fact."""
    messages = [
        {"role": "assistant" if n % 2 else "user", "content": f"{filler} {_letters(n)}"}
        for n in range(count)
    ]
    messages[2] = {"role": "user", "content": fact}
    created = http.post("/threads", json={"messages": messages, **body})
    assert created.is_success, created.text
    thread_id: str = created.json()["id"]
    return thread_id


def _letters(number: int) -> str:
    """Return the number in letters: with digits, the demo model would take it for a fact."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def summarising(body: dict[str, Any]) -> Reply:
    """Answer as the fake does, but write summaries as the demo model does."""
    if asks_for_summary(body):
        return Reply.text(summary_of(last_user_text(body)))
    return Reply.text(f"Answer to: {last_user_text(body)}")


def asks_for_summary(body: dict[str, Any]) -> bool:
    return str(body.get("instructions")).startswith(SUMMARISE)


def summary_requests(upstream: FakeUpstream) -> list[RecordedRequest]:
    return [one for one in upstream.requests if asks_for_summary(one.body)]


def shown_in(body: dict[str, Any]) -> str | None:
    """Return the summary that a run's request begins with; None if it has none."""
    return summary_in(body["input"][0]["content"][0]["text"])


def find_row(database_url: str, thread_id: str) -> SummaryRow | None:
    with connected(database_url) as connection:
        return summaries.find(connection, thread_id)


def row_of(database_url: str, thread_id: str) -> SummaryRow:
    """Return the row: a long thread has one once its first run has ended."""
    row = find_row(database_url, thread_id)
    assert row is not None
    return row


def text_of(database_url: str, thread_id: str) -> str:
    """Return the thread's summary once it is made, and no other one is due."""
    return made(database_url, thread_id).text or ""


def made(database_url: str, thread_id: str) -> SummaryRow:
    """Return its row then."""

    def look() -> SummaryRow | None:
        row = row_of(database_url, thread_id)
        return row if row.text and row.run_id is None else None

    row = wait_until(look)
    assert row is not None
    return row


def change(database_url: str, thread_id: str, **values: Any) -> None:
    """Change the row as no client could."""
    with connected(database_url) as connection:
        connection.execute(update(table).where(table.c.thread_id == thread_id).values(**values))


def ask(http: httpx.Client, thread_id: str, message: str = "And now?") -> dict[str, Any]:
    answer = http.post("/chat", json={"message": message, "thread_id": thread_id})
    assert answer.is_success, answer.text
    reply: dict[str, Any] = answer.json()
    return reply
