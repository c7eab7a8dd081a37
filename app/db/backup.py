"""A copy of a SQLite database that is in use, and what any database says about its files.

The copy is made by `VACUUM INTO`: one read transaction, so the copy is the database at one moment.
Others write meanwhile; only the log of changes (`-wal`) can't be emptied until the copy is made.
"""

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, bindparam, create_engine, delete, func, insert, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from app.db.checks import DatabaseFault, fault_of, postgresql_options, sqlite_file
from app.db.file_tables import file_removals, files
from app.db.tables import messages, threads

# Called several times a second while the database works; what it raises interrupts the work.
Watch = Callable[[], None]

_TICK_SECONDS = 0.1
# How long (in seconds) a statement waits for a lock of the server's.
_LOCK_SECONDS = 30.0
# The server's own threads go first.
_NICENESS = 10
_ROWS_AT_ONCE = 1000

_SOME_FILES = (
    select(files.c.id, files.c.bytes)
    .where(files.c.id > bindparam("after"))
    .order_by(files.c.id)
    .limit(_ROWS_AT_ONCE)
)
_FILE_SIZES = select(func.count(), func.coalesce(func.sum(files.c.bytes), 0)).select_from(files)
_THREADS = select(func.count()).select_from(threads)
_MESSAGES = select(func.count()).select_from(messages)
_EXISTS = select(files.c.id).where(files.c.id == bindparam("key"))
_DELETE = delete(files).where(files.c.id == bindparam("key"))
_ADD_REMOVAL = insert(file_removals)


@dataclass(frozen=True)
class Sizes:
    """What a backup of a database will take; `database_bytes` is 0 for PostgreSQL."""

    database_bytes: int
    files: int
    file_bytes: int


@dataclass(frozen=True)
class StoredFile:
    """A file that a row names; `size` is in bytes."""

    id: str
    size: int


@dataclass(frozen=True)
class Contents:
    """How much is in a copy."""

    threads: int
    messages: int


def measure(url: str) -> Sizes:
    """Return what a backup of the database will take. Raises `DatabaseFault`."""
    with opened(url) as connection:
        count, total = connection.execute(_FILE_SIZES).one()
        return Sizes(_used_bytes(connection), count, int(total))


def copy_database(url: str, target: Path, watch: Watch) -> None:
    """Write a SQLite database as it is now into `target`, a file that is empty or not there.

    Raises `DatabaseFault`, and what `watch` raises; then `target` may hold a part.
    """
    with opened(url) as connection:
        run_watched(connection, "VACUUM INTO ?", (str(target),), watch)


def check_copy(copy: Path, watch: Watch) -> Contents:
    """Check a copy and return how much is in it. Raises `DatabaseFault` if it is damaged."""
    with opened(url_of(copy)) as connection:
        (first, *_) = run_watched(connection, "PRAGMA quick_check(1)", (), watch)
        if first[0] != "ok":
            raise DatabaseFault(" ".join(str(first[0]).split()))
        if dangling := run_watched(connection, "PRAGMA foreign_key_check", (), watch):
            raise DatabaseFault(f"{len(dangling)} rows of {dangling[0][0]} refer to missing rows")
        return Contents(
            threads=connection.execute(_THREADS).scalar_one(),
            messages=connection.execute(_MESSAGES).scalar_one(),
        )


def stored_files(url: str) -> Iterator[StoredFile]:
    """Yield the files that a database has rows for. Raises `DatabaseFault`."""
    after = ""
    while True:
        with opened(url) as connection:
            rows = connection.execute(_SOME_FILES, {"after": after}).all()
        yield from (StoredFile(row.id, row.bytes) for row in rows)
        if len(rows) < _ROWS_AT_ONCE:
            return
        after = rows[-1].id


def has_file(url: str, file_id: str) -> bool:
    """Tell whether a database has a row for the file. Raises `DatabaseFault`."""
    with opened(url) as connection:
        return connection.execute(_EXISTS, {"key": file_id}).first() is not None


def delete_files(copy: Path, file_ids: list[str], now: int) -> None:
    """Delete files from a copy as the server does, with their bytes due for removal at `now`.

    Raises `DatabaseFault`.
    """
    with opened(url_of(copy)) as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        for file_id in file_ids:
            connection.execute(_DELETE, {"key": file_id})
            connection.execute(_ADD_REMOVAL, {"file_id": file_id, "due_at": now})
        connection.exec_driver_sql("COMMIT")


def url_of(copy: Path) -> str:
    """Return the address of a copy, as `stored_files` takes it."""
    return str(URL.create("sqlite", database=str(copy.absolute())))


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """Give a connection without a transaction; a SQLite file must be there.

    Raises `DatabaseFault` for what goes wrong in the block, too.
    """
    try:
        engine = create_engine(**_options(url), hide_parameters=True)
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                yield connection
        finally:
            engine.dispose()
    except SQLAlchemyError as error:
        raise fault_of(error) from error


def _options(url: str) -> dict[str, Any]:
    file = sqlite_file(url)
    if file is None:
        return postgresql_options(url)

    def open_file() -> sqlite3.Connection:
        # Not read-only: if the server stops meanwhile, the last one to leave empties the log of
        # changes and removes it. `rw` makes no new file.
        return sqlite3.connect(
            f"{file.as_uri()}?mode=rw",
            uri=True,
            timeout=_LOCK_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    return {"url": "sqlite://", "creator": open_file, "poolclass": NullPool}


def _used_bytes(connection: Connection) -> int:
    if connection.dialect.name != "sqlite":
        return 0
    pages, free, size = (
        int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def run_watched(
    connection: Connection, statement: str, values: tuple[str, ...], watch: Watch
) -> list[Row[Any]]:
    """Execute a statement on a thread of its own and return its rows.

    So a signal is heard before the statement ends, and what `watch` raises interrupts it.
    """
    link: Any = connection.connection.dbapi_connection

    def execute() -> list[Row[Any]]:
        result = connection.exec_driver_sql(statement, values)
        return [*result.all()] if result.returns_rows else []

    with ThreadPoolExecutor(max_workers=1, initializer=_step_back) as thread:
        work = thread.submit(execute)
        try:
            while not work.done():
                wait([work], _TICK_SECONDS)
                watch()
            return work.result()
        except BaseException:
            # One that comes before the statement begins is lost, so once is not enough.
            while not work.done():
                link.interrupt()
                wait([work], _TICK_SECONDS)
            raise


def _step_back() -> None:
    # Linux counts it for this thread alone; elsewhere it would last for the whole process.
    if sys.platform == "linux":
        os.nice(_NICENESS)
