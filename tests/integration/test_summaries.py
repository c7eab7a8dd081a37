"""Long threads: what no longer fits is summarised, and the model reads the summary instead."""

import json

import pytest

from app.core.demo_summary import summary_of
from app.db import runs
from app.domain.access import DEFAULT_PROJECT
from tests.support.callers import ORIGIN, session_of
from tests.support.figures import Figures
from tests.support.replies import Reply
from tests.support.response_events import last_user_text
from tests.support.rows import connected
from tests.support.summaries import (
    FILLER,
    SMALL,
    ask,
    asks_for_summary,
    change,
    find_row,
    long_thread,
    made,
    row_of,
    shown_in,
    summarising,
    summary_requests,
    text_of,
)
from tests.support.talk import error_of, finished, texts
from tests.support.waiting import wait_until

FACT = "My name is Mina and my order is number 48213."
KOREAN = "제 이름은 민아이고 주문 번호는 48213번입니다."


@pytest.fixture
def server(start, upstream):
    upstream.reply_with(summarising)
    return start(**SMALL)


def test_a_fact_from_message_3_of_400_is_in_the_request_of_turn_401(server, upstream, database_url):
    thread_id = long_thread(server.http, FACT)
    ask(server.http, thread_id)
    first = upstream.requests[0].body
    assert shown_in(first) is None, "nobody waits for a summary: the first time, history is cut"
    assert FACT not in str(first)
    row = made(database_url, thread_id)
    assert FACT in str(row.text)
    ask(server.http, thread_id, "Who am I?")
    body = upstream.requests[-1].body
    assert FACT in str(shown_in(body))
    # Then the newer messages, whole and without a gap.
    shown = [item["content"][0]["text"] for item in body["input"][1:]]
    newest = texts_of(server.http, thread_id)[:-1]
    assert shown == newest[-len(shown) :]
    assert shown[-1] == "Who am I?"
    assert body["input"][1]["role"] == "user"
    # The originals stay.
    assert len(newest) == 402


def texts_of(http, thread_id):
    found, after = [], None
    while page := http.get(
        f"/threads/{thread_id}/messages",
        params={"order": "asc", "limit": 100, **({"after": after} if after else {})},
    ).json()["data"]:
        found += [message["content"][0]["text"]["value"] for message in page]
        after = page[-1]["id"]
    return found


def test_a_korean_thread(server, upstream, database_url):
    thread_id = long_thread(
        server.http, KOREAN, filler="특별한 내용은 없지만 길게 말하는 문장입니다."
    )
    ask(server.http, thread_id, "계속해 주세요.")
    row = made(database_url, thread_id)
    assert KOREAN in str(row.text)
    assert "Korean" in summary_requests(upstream)[0].body["instructions"]
    ask(server.http, thread_id, "제가 누구라고 했죠?")
    assert KOREAN in str(shown_in(upstream.requests[-1].body))


def test_a_summary_continues_the_one_before(server, upstream, database_url):
    thread_id = long_thread(server.http, FACT, count=101)
    ask(server.http, thread_id)
    first = made(database_url, thread_id)
    before = len(summary_requests(upstream))
    for number in range(60):
        ask(
            server.http, thread_id, f"My lucky number {number} is {number * 7}. {'And so on. ' * 9}"
        )
    wait_until(lambda: row_of(database_url, thread_id).through > first.through)
    second = made(database_url, thread_id)
    assert FACT in str(second.text)
    given = summary_requests(upstream)[before:]
    texts = [last_user_text(request.body) for request in given]
    assert all(text.startswith('{"summary": ') for text in texts)
    assert FACT in texts[0]
    # No message is summarised twice.
    assert len(given) <= 15, "it is made in large steps, not after each answer"
    said = [line for text in texts for line in text.splitlines()[1:]]
    assert len(said) == len(set(said))


def test_a_thread_below_the_limit_has_none(server, upstream, database_url):
    thread_id = long_thread(server.http, FACT, count=9)
    ask(server.http, thread_id)
    ask(server.http, thread_id)
    assert FACT in str(upstream.requests[-1].body)
    assert find_row(database_url, thread_id) is None


def test_last_messages_is_untouched(server, upstream, database_url):
    assistant = server.client.beta.assistants.create(model="m")
    thread_id = long_thread(server.http, FACT)
    last = {"type": "last_messages", "last_messages": 3}
    finished(server.client, thread_id, assistant.id, truncation_strategy=last)
    assert find_row(database_url, thread_id) is None
    ask(server.http, thread_id)
    made(database_url, thread_id)
    finished(server.client, thread_id, assistant.id, truncation_strategy=last)
    body = upstream.requests[-1].body
    assert shown_in(body) is None
    assert len(body["input"]) == 3


def test_summaries_can_be_switched_off(start, upstream, database_url):
    server = start(**SMALL)
    upstream.reply_with(summarising)
    thread_id = long_thread(server.http, FACT)
    ask(server.http, thread_id)
    made(database_url, thread_id)
    server.stop()
    without = start(**SMALL, summaries=False)
    ask(without.http, thread_id)
    assert shown_in(upstream.requests[-1].body) is None
    other = long_thread(without.http, FACT)
    ask(without.http, other)
    ask(without.http, other)
    assert find_row(database_url, other) is None


def test_another_model_may_write_them(start, upstream, database_url):
    server = start(**SMALL, summary_model="small")
    upstream.reply_with(summarising)
    thread_id = long_thread(server.http, FACT)
    ask(server.http, thread_id)
    made(database_url, thread_id)
    assert {request.body["model"] for request in summary_requests(upstream)} == {"small"}
    used = server.http.get("/usage").json()["data"]
    assert {(row["model"], row["runs"]) for row in used} == {("gpt-5.4-mini", 1), ("small", 0)}


def test_it_counts_as_the_projects_usage(server, upstream, database_url):
    thread_id = long_thread(server.http, FACT)
    usage = ask(server.http, thread_id)["usage"]
    made(database_url, thread_id)
    (row,) = server.http.get("/usage").json()["data"]
    assert row["runs"] == 1
    assert row["total_tokens"] > usage["total_tokens"]


KEYS = {name: f"key-of-the-{name}-123456" for name in ("shop", "cafe")}


@pytest.mark.parametrize("budget", [{"shop": 3000}, {"*": 3000}], ids=["its own", "everybody's"])
def test_it_respects_the_budget(start, upstream, database_url, call_as, budget):
    upstream.reply_with(summarising)
    keys = [f"{name}:{key}" for name, key in KEYS.items()]
    server = start(**SMALL, api_keys=keys, token_budgets=budget)
    shop = call_as(server, KEYS["shop"]).http
    thread_id = long_thread(shop, FACT)
    ask(shop, thread_id)
    wait_until(lambda: row_of(database_url, thread_id).run_id is None)
    row = row_of(database_url, thread_id)
    assert (row.text, row.worker_id) == (None, None)
    assert summary_requests(upstream) == []


def test_a_visitors_thread_respects_the_visitors_budget(start, upstream, database_url, call_as):
    upstream.reply_with(summarising)
    settings = {"api_keys": ["shop:key-of-the-shop-123456"], "public_chat": True}
    server = start(
        **SMALL, **settings, cors_origins=[ORIGIN], public_token_budget=1500, public_project="shop"
    )
    visitor = call_as(server, session_of(call_as(server)), origin=ORIGIN).http
    thread_id = visitor.post("/chat", json={"message": FACT}).json()["thread_id"]
    for number in range(5):
        ask(visitor, thread_id, f"{FILLER} {number} {'And so on. ' * 20}")
    wait_until(lambda: row_of(database_url, thread_id).run_id is None)
    assert summary_requests(upstream) == []
    assert row_of(database_url, thread_id).text is None


def test_while_it_is_made_it_reserves_tokens(start, upstream, database_url):
    server = start(**SMALL)
    upstream.reply_with(
        lambda body: Reply.text("Slow").stalled() if asks_for_summary(body) else Reply.text("Fine.")
    )
    thread_id = long_thread(server.http, FACT)
    ask(server.http, thread_id)
    assert upstream.wait_stalled()
    row = row_of(database_url, thread_id)
    assert row.reserved_tokens > 1000
    with connected(database_url) as rows:
        reserved = runs.reserved_tokens(rows, DEFAULT_PROJECT, of_visitors=False)
        assert reserved == row.reserved_tokens
        assert runs.reserved_tokens(rows, DEFAULT_PROJECT, of_visitors=True) == 0
    upstream.release()
    wait_until(lambda: row_of(database_url, thread_id).reserved_tokens != row.reserved_tokens)


def test_it_can_be_retrieved(server, upstream, database_url):
    thread_id = long_thread(server.http, FACT)
    path = f"/threads/{thread_id}/summary"
    assert "has no summary" in error_of(server.http.get(path), 404)["message"]
    ask(server.http, thread_id)
    row = made(database_url, thread_id)
    assert server.http.get(path).json() == {
        "object": "thread.summary",
        "thread_id": thread_id,
        "created_at": row.made_at,
        "text": row.text,
    }
    assert server.http.delete(f"/threads/{thread_id}").is_success
    error_of(server.http.get(path), 404)


# Failures: the history is cut, as without summaries.


@pytest.mark.parametrize(
    "reply",
    [Reply.http_error(500), Reply.text(), Reply.text("Half").cut(after=3)],
    ids=["refused", "empty", "cut"],
)
def test_a_summary_that_fails_changes_nothing(server, upstream, database_url, reply):
    upstream.reply_with(lambda body: reply if asks_for_summary(body) else Reply.text("Fine."))
    thread_id = long_thread(server.http, FACT)
    ask(server.http, thread_id)
    wait_until(lambda: waits(database_url, thread_id))
    assert ask(server.http, thread_id)["message"] == "Fine."
    assert shown_in(upstream.requests[-1].body) is None
    assert Figures(server).value("threadkeeper_summaries_total", outcome="failed") == 1
    # It is tried again later.
    upstream.reply_with(summarising)
    change(database_url, thread_id, retry_at=0)
    assert FACT in text_of(database_url, thread_id)


def waits(database_url, thread_id):
    row = row_of(database_url, thread_id)
    return row.attempts > 0 and row.worker_id is None


def test_it_is_given_up_after_some_failures(server, upstream, database_url):
    upstream.reply_with(
        lambda body: Reply.http_error(500) if asks_for_summary(body) else Reply.text("Fine.")
    )
    thread_id = long_thread(server.http, FACT)
    ask(server.http, thread_id)
    for count in (1, 2, 3):
        wait_until(lambda: len(summary_requests(upstream)) == count)  # noqa: B023
        wait_until(lambda: row_of(database_url, thread_id).worker_id is None)
        change(database_url, thread_id, retry_at=0)
    row = row_of(database_url, thread_id)
    assert (row.run_id, row.attempts) == (None, 0)


# Messages that are deleted


def test_a_deleted_message_that_it_covers_discards_it(server, upstream, database_url):
    thread_id = long_thread(server.http, FACT)
    ask(server.http, thread_id)
    made(database_url, thread_id)
    third = server.http.get(
        f"/threads/{thread_id}/messages", params={"order": "asc", "limit": 3}
    ).json()["data"][2]
    assert server.http.delete(f"/threads/{thread_id}/messages/{third['id']}").is_success
    row = row_of(database_url, thread_id)
    assert (row.text, row.through, row.made_at) == (None, 0, None)
    ask(server.http, thread_id)
    assert FACT not in str(upstream.requests[-1].body)
    assert "48213" not in text_of(database_url, thread_id)


def test_a_deleted_message_that_it_does_not_cover_leaves_it(server, upstream, database_url):
    thread_id = long_thread(server.http, FACT)
    ask(server.http, thread_id)
    row = made(database_url, thread_id)
    newest = server.http.get(f"/threads/{thread_id}/messages").json()["data"][0]
    assert server.http.delete(f"/threads/{thread_id}/messages/{newest['id']}").is_success
    after = row_of(database_url, thread_id)
    assert (after.text, after.through) == (row.text, row.through)


def test_a_message_that_is_deleted_while_it_is_made_is_not_in_it(server, upstream, database_url):
    thread_id = long_thread(server.http, FACT)

    def reply(body):
        if not asks_for_summary(body):
            return Reply.text("Fine.")
        text = Reply.text(summary_of(last_user_text(body)))
        return text.stalled(after=2) if FACT in last_user_text(body) else text

    upstream.reply_with(reply)
    ask(server.http, thread_id)
    assert upstream.wait_stalled()
    third = server.http.get(
        f"/threads/{thread_id}/messages", params={"order": "asc", "limit": 3}
    ).json()["data"][2]
    assert server.http.delete(f"/threads/{thread_id}/messages/{third['id']}").is_success
    upstream.release()
    assert "48213" not in text_of(database_url, thread_id)


def test_it_goes_with_its_thread(server, upstream, database_url):
    thread_id = long_thread(server.http, FACT)
    ask(server.http, thread_id)
    made(database_url, thread_id)
    assert server.http.delete(f"/threads/{thread_id}").is_success
    assert find_row(database_url, thread_id) is None


def test_a_thread_that_is_deleted_while_it_is_made(server, upstream, database_url):
    thread_id = long_thread(server.http, FACT)
    upstream.reply_with(
        lambda body: (
            Reply.text("Much", " too", " late").stalled(after=2)
            if asks_for_summary(body)
            else Reply.text("Fine.")
        )
    )
    ask(server.http, thread_id)
    assert upstream.wait_stalled()
    before = server.http.get("/usage").json()["total"]["total_tokens"]
    assert server.http.delete(f"/threads/{thread_id}").is_success
    upstream.release()
    wait_until(lambda: server.http.get("/usage").json()["total"]["total_tokens"] > before)
    assert find_row(database_url, thread_id) is None


# A model that counts more tokens than what was estimated


def test_a_request_that_is_too_long_is_sent_again_with_less_history(start, upstream):
    server, most = start(context_window=4096, summaries=False), 5000

    def reply(body):
        size = len(json.dumps(body, ensure_ascii=False).encode())
        if size <= most:
            return Reply.text("Fine.")
        error = {"code": "context_length_exceeded", "message": "Too long."}
        return Reply.http_error(400, {"error": error})

    upstream.reply_with(reply)
    thread_id = long_thread(server.http, KOREAN)
    assert ask(server.http, thread_id)["message"] == "Fine."
    count = len(upstream.requests)
    assert 1 < count <= 4
    # It is remembered for the next turn, and other threads.
    assert ask(server.http, thread_id)["message"] == "Fine."
    assert ask(server.http, long_thread(server.http, KOREAN))["message"] == "Fine."
    assert len(upstream.requests) == count + 2


def test_a_question_that_alone_is_too_long_is_sent_once(start, upstream):
    server = start()
    error = {"error": {"code": "context_length_exceeded", "message": "Too long."}}
    upstream.reply_with(lambda _: Reply.http_error(400, error))
    answer = server.http.post("/chat", json={"message": "hello"})
    assert "Too long." in error_of(answer, 502)["message"]
    assert len(upstream.requests) == 1


# Several servers


def test_two_servers_never_make_one_twice(start, upstream, database_url):
    upstream.reply_with(summarising)
    servers = [start(**SMALL), start(**SMALL)]
    threads = [long_thread(servers[0].http, FACT, count=150) for _ in range(4)]
    for number, thread_id in enumerate(threads):
        ask(servers[number % 2].http, thread_id)
    for thread_id in threads:
        assert FACT in text_of(database_url, thread_id)
    given = [last_user_text(request.body) for request in summary_requests(upstream)]
    # Every thread's first part, once.
    assert sum(text.count("48213") for text in given if not text.startswith('{"summary"')) == 4


def test_one_that_stops_leaves_it_to_others(start, upstream, database_url):
    upstream.reply_with(
        lambda body: (
            Reply.text("Never", " heard").stalled(after=2)
            if asks_for_summary(body)
            else Reply.text("Fine.")
        )
    )
    first = start(**SMALL)
    thread_id = long_thread(first.http, FACT)
    ask(first.http, thread_id)
    assert upstream.wait_stalled()
    upstream.reply_with(summarising)
    first.stop()
    row = row_of(database_url, thread_id)
    assert (row.worker_id, row.attempts, row.run_id is None) == (None, 0, False)
    start(**SMALL)
    assert FACT in text_of(database_url, thread_id)


def test_all_texts_stay_listed(server, upstream, database_url):
    thread_id = long_thread(server.http, FACT, count=99)
    ask(server.http, thread_id)
    made(database_url, thread_id)
    assert ("user", FACT) in texts(server.http, thread_id)
