"""Statements about the summaries of long threads: want, claim, save, discard.

A summary is due while its row names a run. A claim is held by a process, for as long as the process
holds its lease (`workers`), and has a version. Every later statement names that version: if another
process took over, or a message was deleted meanwhile, the statement changes no row.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    bindparam,
    case,
    func,
    null,
    or_,
    select,
    text,
    update,
)

from app.db.clock import database_seconds
from app.db.rows import SUMMARIES, SummaryRow
from app.db.summary_tables import summaries
from app.db.tables import runs, workers

# Plain SQL: SQLAlchemy has a different upsert for each database.
_WANT = text(
    "INSERT INTO summaries (thread_id, run_id) VALUES (:thread_id, :run_id) "
    "ON CONFLICT (thread_id) DO UPDATE SET run_id = excluded.run_id"
)

_key = summaries.c.thread_id == bindparam("key")
_is_due = (
    summaries.c.run_id.is_not(None),
    summaries.c.retry_at <= database_seconds(),
)
# This process' own rows too: it knows which of them it has no task for.
_is_free = or_(
    summaries.c.worker_id.is_(None),
    summaries.c.worker_id == bindparam("holder"),
    ~select(workers.c.id).where(workers.c.id == summaries.c.worker_id).exists(),
)
_BY_KEY = select(summaries).where(_key)
_DUE = (
    select(summaries.c.thread_id)
    .where(*_is_due, _is_free)
    .order_by(summaries.c.retry_at)
    .limit(bindparam("count"))
)
_CLAIM = (
    update(summaries)
    .where(_key, *_is_due, _is_free)
    .values(
        worker_id=bindparam("holder"),
        version=summaries.c.version + 1,
        attempts=summaries.c.attempts + 1,
        reserved_tokens=0,
    )
)
_CLAIMED = update(summaries).where(_key, summaries.c.version == bindparam("claimed"))
_RESERVE = _CLAIMED.values(reserved_tokens=bindparam("tokens"))
_SAVE = _CLAIMED.values(
    text=bindparam("new_text"),
    through=bindparam("new_through"),
    made_at=bindparam("moment"),
    attempts=0,
    retry_at=0,
    reserved_tokens=0,
)
_free: dict[str, Any] = {"worker_id": null(), "reserved_tokens": 0}
_later = database_seconds() + bindparam("seconds", type_=Float)
_FINISH = _CLAIMED.values(**_free, run_id=null(), attempts=0)
_RELEASE = _CLAIMED.values(**_free, attempts=bindparam("new_attempts"), retry_at=_later)
_GIVE_UP = _CLAIMED.values(**_free, run_id=null(), attempts=0, retry_at=_later)

_covered = summaries.c.through >= bindparam("sequence")


def _unless_covered(column: ColumnElement[Any], otherwise: Any) -> ColumnElement[Any]:
    return case((_covered, otherwise), else_=column)


_DISCARD = (
    update(summaries)
    .where(_key)
    .values(
        **_free,
        version=summaries.c.version + 1,
        text=_unless_covered(summaries.c.text, null()),
        made_at=_unless_covered(summaries.c.made_at, null()),
        through=_unless_covered(summaries.c.through, 0),
    )
)
_RESERVED = (
    select(func.coalesce(func.sum(summaries.c.reserved_tokens), 0))
    .select_from(summaries)
    .join(runs, runs.c.id == summaries.c.run_id)
    .where(summaries.c.run_id.is_not(None), runs.c.project == bindparam("project"))
)
_RESERVED_FOR_VISITORS = _RESERVED.where(runs.c.by_visitor)
_RESERVED_FOR_KEY = _RESERVED.where(runs.c.key_id == bindparam("key_id"))


def find(connection: Connection, thread_id: str) -> SummaryRow | None:
    return SUMMARIES.read_first(connection.execute(_BY_KEY, {"key": thread_id}).first())


def text_of(connection: Connection, thread_id: str, through: int) -> str | None:
    """Return the thread's summary if it covers the messages up to this sequence."""
    if not through:
        return None
    row = find(connection, thread_id)
    return row.text if row is not None and row.through == through else None


def want(connection: Connection, thread_id: str, run_id: str) -> None:
    """Note that another summary of the thread is due, as the end of this run has found."""
    connection.execute(_WANT, {"thread_id": thread_id, "run_id": run_id})


def due(connection: Connection, worker_id: str, limit: int) -> list[str]:
    """Return threads whose summary is due and made by no other living process."""
    return list(connection.execute(_DUE, {"holder": worker_id, "count": limit}).scalars())


def claim(connection: Connection, worker_id: str, thread_id: str) -> SummaryRow | None:
    """Claim the thread's next summary for this process; None if it is not due, or another's.

    The caller must hold the thread's lock, which deleting a message also takes. So a message that
    is deleted after the claim is known to be covered by the summary.
    """
    keys = {"key": thread_id, "holder": worker_id}
    if connection.execute(_CLAIM, keys).rowcount == 0:
        return None
    return find(connection, thread_id)


def reserve(connection: Connection, claimed: SummaryRow, tokens: int) -> None:
    """Reserve tokens in the project's budget until the claim's next statement."""
    connection.execute(_RESERVE, {**_keys(claimed), "tokens": tokens})


def save(
    connection: Connection, claimed: SummaryRow, summary: str, through: int, made_at: int
) -> bool:
    """Save a new summary; the claim stays. False, and nothing is saved, if the claim is void."""
    values = {"new_text": summary, "new_through": through, "moment": made_at}
    return connection.execute(_SAVE, {**_keys(claimed), **values}).rowcount > 0


def finish(connection: Connection, claimed: SummaryRow) -> None:
    """End the claim: no further summary is due."""
    connection.execute(_FINISH, _keys(claimed))


def release(
    connection: Connection, claimed: SummaryRow, *, attempts: int, seconds: float = 0.0
) -> None:
    """End the claim: any process may try again after `seconds`. Set the count of `attempts`."""
    values = {**_keys(claimed), "new_attempts": attempts, "seconds": seconds}
    connection.execute(_RELEASE, values)


def give_up(connection: Connection, claimed: SummaryRow, seconds: float) -> None:
    """End the claim: a summary is only due once a run has ended after `seconds` again."""
    connection.execute(_GIVE_UP, {**_keys(claimed), "seconds": seconds})


def discard(connection: Connection, thread_id: str, sequence: int) -> None:
    """Discard the thread's summary if it covers the message with this sequence.

    Whatever is being made now is void too: the message may be in it.
    """
    connection.execute(_DISCARD, {"key": thread_id, "sequence": sequence})


def reserved_tokens(connection: Connection, project: str, *, of_visitors: bool) -> int:
    """Return how many tokens of the project's budget are reserved for summaries."""
    statement = _RESERVED_FOR_VISITORS if of_visitors else _RESERVED
    return int(connection.execute(statement, {"project": project}).scalar_one())


def reserved_tokens_of_key(connection: Connection, project: str, key_id: str) -> int:
    """Return how many tokens of a key's budget are reserved for summaries."""
    keys = {"project": project, "key_id": key_id}
    return int(connection.execute(_RESERVED_FOR_KEY, keys).scalar_one())


def _keys(claimed: SummaryRow) -> dict[str, Any]:
    return {"key": claimed.thread_id, "claimed": claimed.version}
