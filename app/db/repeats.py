"""Finds what an earlier attempt of the same request has created.

A client that gives an `Idempotency-Key` is recognised by it. One that only counts its attempts, as
OpenAI's SDKs do, is recognised by the marks of the rows: nothing else is written for it, and marks
are only looked for when a repeat arrives.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Table, bindparam, delete, func, select, text, update

from app.db import tables
from app.db.attempt_marks import DIGEST_LENGTH, LOCKS
from app.db.file_tables import files
from app.db.key_tables import idempotency_keys
from app.db.knowledge_tables import vector_store_batches, vector_stores
from app.db.rows import IDEMPOTENCY_KEYS, IdempotencyKeyRow
from app.domain.access import Caller
from app.domain.attempt import Attempt, mark_of, number_in
from app.domain.clock import now
from app.domain.errors import InvalidRequest

# For how long (in seconds) a key is remembered.
KEPT_SECONDS = 24 * 3600
# How old (in seconds) a row may be that a repeat finds by its mark.
REPEATED_WITHIN = 120
# The same for what people may not share by mistake. The SDKs repeat a request within two seconds
# after its answer was lost; a busy machine takes longer.
REPEATED_SOON = 30
# How many rows of one owner are searched, the newest first.
_SEARCHED = 5000
_CANDIDATES = 20


@dataclass(frozen=True)
class Kind:
    """Where a repeat looks. `column` names the owner of the rows, in whose order they are.

    `alone`: two people must not be given the same object, so a mark that says little, or that two
    rows have, is not enough.
    """

    table: Table
    column: str
    within: int = REPEATED_WITHIN
    alone: bool = False


class Use(NamedTuple):
    """How many messages and runs a thread has."""

    messages: int
    runs: int


ASSISTANTS = Kind(tables.assistants, "project", REPEATED_SOON, alone=True)
THREADS = Kind(tables.threads, "project", REPEATED_SOON, alone=True)
# A thread with the run that was created with it: its answer may have taken a while.
CONVERSATIONS = Kind(tables.threads, "project", alone=True)
CONVERSATIONS_OF_SESSION = Kind(tables.threads, "session_id", alone=True)
MESSAGES = Kind(tables.messages, "thread_id")
RUNS = Kind(tables.runs, "thread_id")
VECTOR_STORES = Kind(vector_stores, "project", REPEATED_SOON, alone=True)
BATCHES = Kind(vector_store_batches, "vector_store_id")
FILES = Kind(files, "project")

_of_key = (
    idempotency_keys.c.project == bindparam("of_project"),
    idempotency_keys.c.session_id == bindparam("of_session"),
    idempotency_keys.c.key == bindparam("given"),
)
_valid = idempotency_keys.c.created_at > bindparam("from")
_BY_KEY = select(idempotency_keys).where(*_of_key, _valid)
_DROP_KEY = delete(idempotency_keys).where(*_of_key)
_DROP_OLD = delete(idempotency_keys).where(idempotency_keys.c.created_at <= bindparam("until"))
_USE = select(
    select(func.count())
    .where(tables.messages.c.thread_id == bindparam("thread_id"))
    .scalar_subquery(),
    select(func.count()).where(tables.runs.c.thread_id == bindparam("thread_id")).scalar_subquery(),
)
_HOLD = text(f"SELECT pg_advisory_xact_lock({LOCKS}, hashtext(:name))")


def earlier(connection: Connection, caller: Caller, kind: Kind, owner: str) -> str | None:
    """Return the id of what an earlier attempt of the caller's request created, None if there is
    none.

    If an earlier attempt is being executed, this waits for it. Raises `InvalidRequest` if the
    request's key was given with another request.
    """
    attempt = caller.attempt
    if attempt is None:
        return None
    if attempt.key is not None:
        return _by_key(connection, caller, attempt, attempt.key)
    if not attempt.may_be_known or (kind.alone and (attempt.vague or attempt.doubtful)):
        return None
    return _by_mark(connection, attempt, kind, owner)


def is_repeat(connection: Connection, caller: Caller) -> bool:
    """Return whether the request says itself that it may have been executed before.

    Raises `InvalidRequest` as `earlier` does.
    """
    attempt = caller.attempt
    if attempt is None or attempt.key is None:
        return attempt is not None and bool(attempt.number)
    return is_known(connection, caller)


def is_known(connection: Connection, caller: Caller) -> bool:
    """Return whether the request has a key that was executed before.

    Raises `InvalidRequest` as `earlier` does.
    """
    attempt = caller.attempt
    if attempt is None or attempt.key is None:
        return False
    return _by_key(connection, caller, attempt, attempt.key) is not None


def use_of(connection: Connection, thread_id: str) -> Use:
    return Use(*connection.execute(_USE, {"thread_id": thread_id}).one())


def keep(connection: Connection, caller: Caller, object_id: str) -> None:
    """Remember what the request has created, if it has a key."""
    attempt = caller.attempt
    if attempt is None or attempt.key is None:
        return
    row = IdempotencyKeyRow(
        project=caller.project,
        session_id=caller.session or "",
        key=attempt.key,
        content=attempt.content,
        object_id=object_id,
        created_at=now(),
    )
    # There may be an old one.
    connection.execute(_DROP_KEY, _key_values(caller, attempt.key))
    IDEMPOTENCY_KEYS.insert(connection, row)


def forget_old(connection: Connection) -> None:
    """Remove the keys that are not valid any more."""
    connection.execute(_DROP_OLD, {"until": now() - KEPT_SECONDS})


def _by_key(connection: Connection, caller: Caller, attempt: Attempt, key: str) -> str | None:
    _hold(connection, f"{caller.project} {caller.session} {key}")
    values = {**_key_values(caller, key), "from": now() - KEPT_SECONDS}
    row = IDEMPOTENCY_KEYS.read_first(connection.execute(_BY_KEY, values).first())
    if row is None:
        return None
    if row.content != attempt.content:
        raise InvalidRequest(
            f"Invalid 'Idempotency-Key': '{key}' was already used for a request with another path "
            "or body. Use a new key for each request, and the same one only to repeat it.",
            param="Idempotency-Key",
            code="idempotency_key_reused",
        )
    return row.object_id


def _by_mark(connection: Connection, attempt: Attempt, kind: Kind, owner: str) -> str | None:
    assert attempt.number is not None
    number = attempt.number
    _hold(connection, attempt.digest)
    values = {"owner": owner, "digest": attempt.digest, "since": now() - kind.within}
    found = connection.execute(_marked(kind), values).all()
    # An attempt with this very number belongs to another request: each number comes once.
    others = [row for row in found if number_in(row.attempt) != number]
    if not others or (kind.alone and len(others) > 1):
        return None
    newest = others[0]
    if number > number_in(newest.attempt):
        mark = mark_of(attempt.digest, number)
        connection.execute(_remark(kind.table), {"key": newest.id, "mark": mark})
    object_id: str = newest.id
    return object_id


@cache
def _marked(kind: Kind) -> Select[Any]:
    table = kind.table
    newest = (
        select(table.c.id, table.c.attempt, table.c.created_at, table.c.sequence)
        .where(table.c[kind.column] == bindparam("owner"))
        .order_by(table.c.sequence.desc())
        .limit(_SEARCHED)
        .subquery()
    )
    return (
        select(newest.c.id, newest.c.attempt)
        .where(
            func.substr(newest.c.attempt, 1, DIGEST_LENGTH) == bindparam("digest"),
            newest.c.created_at >= bindparam("since"),
        )
        .order_by(newest.c.sequence.desc())
        .limit(_CANDIDATES)
    )


@cache
def _remark(table: Table) -> Any:
    return update(table).where(table.c.id == bindparam("key")).values(attempt=bindparam("mark"))


def _key_values(caller: Caller, key: str) -> dict[str, Any]:
    return {"of_project": caller.project, "of_session": caller.session or "", "given": key}


def _hold(connection: Connection, name: str) -> None:
    # SQLite has one writer anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(_HOLD, {"name": name})
