"""Rows that no client could create: states that normally last only an instant."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, make_url

from app.db import runs, threads
from app.db.rows import RunRow, ThreadRow
from app.domain.access import DEFAULT_PROJECT
from app.domain.clock import now
from app.domain.ids import new_id
from app.domain.run_status import RunStatus


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Yield a connection to a database that a service also uses; it is committed at the end."""
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    engine = create_engine(address)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def thread_row() -> ThreadRow:
    return ThreadRow(
        id=new_id("thread"),
        created_at=now(),
        metadata={},
        tool_resources={},
        project=DEFAULT_PROJECT,
        session_id=None,
    )


def run_row(thread_id: str, status: RunStatus = "queued", **values: Any) -> RunRow:
    """Return a run of an assistant that need not exist."""
    standard: dict[str, Any] = {
        "id": new_id("run"),
        "created_at": now(),
        "assistant_id": "asst_none",
        "expires_at": now() + 600,
        "model": "m",
        "instructions": None,
        "tools": [],
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "reasoning_effort": None,
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "streamed": False,
        "worker_id": None,
        "reserved_tokens": 0,
        "by_visitor": False,
        "project": DEFAULT_PROJECT,
        "request_id": None,
    }
    return RunRow(thread_id=thread_id, status=status, **(standard | values))


def insert_run(connection: Connection, status: RunStatus, **values: Any) -> RunRow:
    """Insert a run in any status, with its own thread."""
    thread = threads.create(connection, thread_row())
    run = run_row(thread.id, status, **values)
    runs.create(connection, run)
    return run
