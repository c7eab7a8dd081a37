"""The files that a run's code may read, and those that the thread's code has made."""

import logging
import re
import secrets
from dataclasses import dataclass

from app.db import files, threads
from app.db.database import Connection
from app.db.file_rows import FileRow
from app.db.rows import RunRow
from app.domain.access import Caller
from app.domain.errors import NotFound
from app.schemas.code_interpreter import code_files_in

logger = logging.getLogger(__name__)

# How many made files a thread keeps for a new session, the newest ones.
_MADE_FILES = 200
_PICTURE = re.compile(r"picture-[0-9a-f]{16}\.png")


@dataclass(frozen=True)
class KnownFiles:
    """`given` are the files of the assistant and the thread, in this order. `made` are the ids of
    the files that code has made in the thread, by their name in `/mnt/data`."""

    given: list[FileRow]
    made: dict[str, str]


def new_picture_name() -> str:
    """Return a name for a picture, which is no file in `/mnt/data`."""
    return f"picture-{secrets.token_hex(8)}.png"


def known_files(connection: Connection, run: RunRow) -> KnownFiles:
    """Return the files of a run. Those that are gone or that its thread's owner may not read are
    left out."""
    thread = threads.find(connection, run.thread_id)
    if thread is None:
        return KnownFiles([], {})
    owner = Caller(thread.project, thread.session_id)
    given = _readable(connection, Caller(run.project), run, code_files_in(run.tool_resources))
    given += _readable(connection, owner, run, code_files_in(thread.tool_resources))
    by_id = {file.id: file for file in given}
    made: dict[str, str] = {}
    for file in files.made_for(connection, run.thread_id, _MADE_FILES):
        owns = Caller(file.project, file.session_id) == owner
        if owns and file.id not in by_id and not _PICTURE.fullmatch(file.filename):
            made.setdefault(file.filename, file.id)
    return KnownFiles([*by_id.values()], made)


def _readable(
    connection: Connection, caller: Caller, run: RunRow, file_ids: list[str]
) -> list[FileRow]:
    found = []
    for file_id in file_ids:
        try:
            found.append(files.retrieve_for(connection, caller, file_id))
        except NotFound:
            logger.warning("run %s: code can't read %s: unknown or deleted", run.id, file_id)
    return found
