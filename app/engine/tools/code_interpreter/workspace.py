"""The folder `/mnt/data` as one run uses it: fills it with files, and stores what code makes."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from app.core.object_store import ObjectStore, StorageError, file_key
from app.engine.tools.code_interpreter.files import KnownFiles, new_picture_name
from app.engine.tools.code_interpreter.paths import SandboxPaths
from app.interpreter.events import MadeFile, NoRoom, Shown, Unreadable
from app.interpreter.folder import name_candidates, safe_name
from app.interpreter.session import Session
from app.storage.file_writer import FileWriter, NewThreadFile

logger = logging.getLogger(__name__)

PURPOSE = "assistants_output"


@dataclass(frozen=True)
class Taken:
    """The files of a call that were stored, and the names of those that were not: there were too
    many, or they were too large."""

    files: Sequence[NewThreadFile] = ()
    skipped: Sequence[str] = ()


class Workspace:
    """Files are put in when code is about to run: the session may be new or another's."""

    def __init__(self, store: ObjectStore, writer: FileWriter, thread_id: str) -> None:
        self._store = store
        self._writer = writer
        self._thread_id = thread_id
        self._known = KnownFiles([], {})
        self._names: dict[str, str] = {}
        self._stored: list[str] = []
        self.paths = SandboxPaths()

    def know(self, known: KnownFiles) -> None:
        """Take the files that the run has when it begins."""
        self._known = known
        self._names = _unique_names(known)
        for name, file_id in known.made.items():
            self.paths.add(name, file_id)

    @property
    def listing(self) -> list[str]:
        """The files, for the model: their names, and the ids of those that a user gave."""
        given = (f"{self._names[file.id]} ({file.id})" for file in self._known.given)
        return [*given, *self._known.made]

    async def fill(self, session: Session, there: dict[str, str]) -> list[str]:
        """Put in the files that are not there; return notes about them for the model.

        `there` are the names of the files that have been put into this session, by their ids; new
        ones are added to it.
        """
        notes: list[str] = []
        if session.fresh:
            for name, file_id in self._known.made.items():
                notes += await self._put(there, file_id, name, session.put_back)
        for file in self._known.given:
            if file.id not in there:
                name = self._names[file.id]
                put = partial(session.put, also=file.id)
                notes += await self._put(there, file.id, name, put)
        return notes

    async def take_picture(self, session: Session, shown: Shown) -> str | None:
        """Store a picture; return its file's id, None if the thread is gone."""
        content = await session.read(shown)
        file = await self._writer.write_for_thread(
            self._thread_id, new_picture_name(), content, purpose=PURPOSE
        )
        return None if file is None else file.id

    async def take_files(self, session: Session) -> Taken:
        """Store the files that code has made or changed since the last call.

        Their rows are to be written with the call's answer: if code runs again after a crash, it
        must find the folder as it was, and its files must not exist twice. Raises
        `InterpreterError` and `StorageError`.
        """
        taken: list[NewThreadFile] = []
        changed = await session.changed()
        skipped = [*session.skipped]
        for made in changed:
            try:
                content = await session.read(made)
            except Unreadable:
                skipped.append(made.name)
            else:
                taken.append(await self._take(made, content))
        return Taken(taken, skipped)

    async def _take(self, made: MadeFile, content: bytes) -> NewThreadFile:
        new = await self._writer.put_for_thread(made.name, content, purpose=PURPOSE)
        file_id = new.stored.file_id
        self._stored.append(file_id)
        self._known.made[made.name] = file_id
        self.paths.add(made.name, file_id)
        return new

    async def close(self) -> None:
        """Remove the bytes of files whose answer was not stored."""
        for file_id in self._stored:
            await self._writer.give_up(file_id)

    async def _put(
        self,
        there: dict[str, str],
        file_id: str,
        name: str,
        put: Callable[[str, AsyncIterator[bytes]], Awaitable[str]],
    ) -> list[str]:
        try:
            got = await put(name, self._content(file_id))
        except NoRoom as error:
            return [f"{name} is not in /mnt/data: {error}"]
        except (StorageError, OSError):
            logger.exception("%s could not be read for code", file_id)
            return [f"{name} is not in /mnt/data: it could not be read."]
        there[file_id] = got
        return [] if got == name else [f"{name} is in /mnt/data under the name {got}."]

    async def _content(self, file_id: str) -> AsyncIterator[bytes]:
        async for piece in await self._store.read(file_key(file_id)):
            yield piece


def _unique_names(known: KnownFiles) -> dict[str, str]:
    """Return the names that the given files get, by id. What code has made keeps its name."""
    taken = set(known.made)
    names: dict[str, str] = {}
    for file in known.given:
        candidates = name_candidates(safe_name(file.filename))
        name = next((one for one in candidates if one not in taken), file.id)
        taken.add(name)
        names[file.id] = name
    return names
