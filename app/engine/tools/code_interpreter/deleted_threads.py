"""Ends the sessions of threads that were deleted, by this process or another."""

from app.core.periodic import Periodic
from app.db import threads
from app.db.database import Database
from app.interpreter.interpreter import Interpreter

_LOOK_EVERY = 30.0


class DeletedThreads:
    """Looks regularly while there are sessions: their folders contain copies of files."""

    def __init__(self, database: Database, interpreter: Interpreter) -> None:
        self._database = database
        self._interpreter = interpreter
        self._periodic = Periodic("code of deleted threads", self._look, every=_LOOK_EVERY)

    def open(self) -> None:
        self._periodic.open()

    async def close(self) -> None:
        await self._periodic.close()

    async def _look(self) -> None:
        keys = self._interpreter.keys
        if keys:
            for thread_id in await self._database.read(threads.missing, keys):
                await self._interpreter.drop(thread_id)
