"""Copies a SQLite database that is in use, and reads from any database which files it refers to.

The copy is made by `VACUUM INTO`: one read transaction, so it is a consistent snapshot. Others can
write meanwhile; only the write-ahead log (`-wal`) can't be emptied until the copy is complete.
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

from sqlalchemy import (
    Connection,
    Row,
    Select,
    bindparam,
    create_engine,
    delete,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from app.db.checks import DatabaseFault, fault_of, postgresql_options, sqlite_file
from app.db.file_tables import file_removals, files
from app.db.tables import messages, threads

# Called several times a second during a statement, which an error from it interrupts.
Watch = Callable[[], None]

_TICK_SECONDS = 0.1
# How many seconds a statement waits for a lock that the server holds.
_LOCK_SECONDS = 30.0
# The server's threads have priority.
_NICENESS = 10
_ROWS_AT_ONCE = 1000

_SOME_FILES = (
    select(files.c.id, files.c.bytes)
    .where(files.c.id > bindparam("after"))
    .order_by(files.c.id)
    .limit(_ROWS_AT_ONCE)
)
_FILE_SIZES = select(func.count(), func.coalesce(func.sum(files.c.bytes), 0)).select_from(files)
# Without imported files whose bytes have not arrived. Older versions have no such column.
_WITH_CONTENT_COLUMN = files.c.lacks_content.name
_WITH_CONTENT = files.c.lacks_content.is_(False)
_THREADS = select(func.count()).select_from(threads)
_MESSAGES = select(func.count()).select_from(messages)
_EXISTS = select(files.c.id).where(files.c.id == bindparam("key"))
_DELETE = delete(files).where(files.c.id == bindparam("key"))
_ADD_REMOVAL = insert(file_removals)


@dataclass(frozen=True)
class Sizes:
    """The size of a backup; `database_bytes` is 0 for PostgreSQL."""

    database_bytes: int
    files: int
    file_bytes: int


@dataclass(frozen=True)
class StoredFile:
    """A file that a row refers to; `size` is in bytes."""

    id: str
    size: int


@dataclass(frozen=True)
class Contents:
    """The number of threads and messages in a copy."""

    threads: int
    messages: int


def measure(url: str) -> Sizes:
    """Return the size of a backup of the database. Raises `DatabaseFault`."""
    with opened(url) as connection:
        count, total = connection.execute(_with_content(connection, _FILE_SIZES)).one()
        return Sizes(_used_bytes(connection), count, int(total))


def copy_database(url: str, target: Path, watch: Watch) -> None:
    """Write a SQLite database as it is now to `target`, an empty or missing file.

    Raises `DatabaseFault`, and what `watch` raises; then `target` may be incomplete.
    """
    with opened(url) as connection:
        run_watched(connection, "VACUUM INTO ?", (str(target),), watch)


def check_copy(copy: Path, watch: Watch) -> Contents:
    """Check a copy and return its contents. Raises `DatabaseFault` if it is damaged."""
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
            statement = _with_content(connection, _SOME_FILES)
            rows = connection.execute(statement, {"after": after}).all()
        yield from (StoredFile(row.id, row.bytes) for row in rows)
        if len(rows) < _ROWS_AT_ONCE:
            return
        after = rows[-1].id


def _with_content(connection: Connection, statement: Select[Any]) -> Select[Any]:
    columns = {column["name"] for column in inspect(connection).get_columns(files.name)}
    return statement.where(_WITH_CONTENT) if _WITH_CONTENT_COLUMN in columns else statement


def has_file(url: str, file_id: str) -> bool:
    """Return whether a database has a row for the file. Raises `DatabaseFault`."""
    with opened(url) as connection:
        return connection.execute(_EXISTS, {"key": file_id}).first() is not None


def delete_files(copy: Path, file_ids: list[str], now: int) -> None:
    """Delete files from a copy as the server would, with their bytes due for removal at `now`.

    Raises `DatabaseFault`.
    """
    with opened(url_of(copy)) as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        for file_id in file_ids:
            connection.execute(_DELETE, {"key": file_id})
            connection.execute(_ADD_REMOVAL, {"file_id": file_id, "due_at": now})
        connection.exec_driver_sql("COMMIT")


def url_of(copy: Path) -> str:
    """Return the database URL of a copy, for `stored_files`."""
    return str(URL.create("sqlite", database=str(copy.absolute())))


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """Yield a connection without a transaction; a SQLite file must exist.

    Also raises `DatabaseFault` for database errors in the block.
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
        # Not read-only: if the server stops meanwhile, the last connection empties and removes the
        # write-ahead log. `rw` creates no file.
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
    """Execute a statement on a separate thread and return its rows.

    So signals are handled during the statement, and an error raised by `watch` interrupts it.
    """
    link: Any = connection.connection.dbapi_connection

    def execute() -> list[Row[Any]]:
        result = connection.exec_driver_sql(statement, values)
        return [*result.all()] if result.returns_rows else []

    with ThreadPoolExecutor(max_workers=1, initializer=_lower_priority) as thread:
        work = thread.submit(execute)
        try:
            while not work.done():
                wait([work], _TICK_SECONDS)
                watch()
            return work.result()
        except BaseException:
            # Repeated: an interrupt that comes before the statement begins has no effect.
            while not work.done():
                link.interrupt()
                wait([work], _TICK_SECONDS)
            raise


def _lower_priority() -> None:
    # On Linux this affects only the current thread; elsewhere it would affect the whole process.
    if sys.platform == "linux":
        os.nice(_NICENESS)
