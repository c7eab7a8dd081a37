"""The code interpreter: sessions by key, at most so many, each in a sandbox of its own."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.core.periodic import Periodic
from app.interpreter import run_folder
from app.interpreter.environment import closed_places
from app.interpreter.events import InterpreterBusy, InterpreterError, Limits
from app.interpreter.folder import SessionFolder
from app.interpreter.removal import remove_folder
from app.interpreter.self_check import check
from app.interpreter.session import Session
from app.interpreter.watch import user_tasks
from app.interpreter.zygote import Zygote

logger = logging.getLogger(__name__)

# Seconds to wait for a place when all sessions are in use.
_WAITS = 30.0
_LOOK_EVERY = 30.0
# Threads of this user beyond those of all sessions: the server's own, and other programs'.
_SPARE_TASKS = 1024
_NOT_STARTED = "The code interpreter could not start a session."


class Interpreter:
    """One per server process. `open` must be called first."""

    def __init__(
        self,
        python: Path | None,
        limits: Limits,
        *,
        sessions: int,
        idle_seconds: float,
        folder: Path | None = None,
        off: bool = False,
    ) -> None:
        """`python`: of the interpreter's environment. `folder`: where sessions get their folders;
        None: the system's folder for temporary files. `off`: it is not wanted."""
        self._python = python
        self._limits = limits
        self._most = sessions
        self._idle_seconds = idle_seconds
        self._parent = folder
        self._off = off
        self._unavailable = "The code interpreter is off: it was not opened."
        self._folder: Path | None = None
        self._lock = -1
        self._zygote: Zygote | None = None
        self._starting = asyncio.Lock()
        # By key, the least recently used first; with the time when it was last used.
        self._sessions: dict[str, Session] = {}
        self._used_at: dict[str, float] = {}
        self._in_use: set[str] = set()
        self._changed = asyncio.Condition()
        self._count = 0
        self._sweeper = Periodic(
            "interpreter sessions", self._end_idle, every=min(_LOOK_EVERY, idle_seconds / 2)
        )

    @property
    def unavailable(self) -> str:
        """Why no code can be run, as a sentence; empty if it can."""
        return self._unavailable

    async def open(self) -> None:
        """Check whether the sandbox holds on this system; the result is logged."""
        if self._off:
            self._unavailable = "The code interpreter is off (CODE_INTERPRETER=off)."
            return
        why = await check(self._python)
        if why:
            self._unavailable = f"The code interpreter is off: {why}."
            logger.warning("the code interpreter is off: %s", why)
            return
        self._unavailable = ""
        await asyncio.to_thread(run_folder.sweep, self._parent)
        self._sweeper.open()
        logger.info("the code interpreter runs with %s", self._python)

    async def close(self) -> None:
        """End every session and remove its folder; also if it was never opened."""
        await self._sweeper.close()
        self._unavailable = "The code interpreter is off: the server is stopping."
        # Together: each may take seconds if the zygote does not answer.
        await asyncio.gather(*(self._discard(key) for key in [*self._sessions]))
        await self._close_zygote()

    @property
    def keys(self) -> list[str]:
        """The keys of all sessions."""
        return [*self._sessions]

    def has(self, key: str) -> bool:
        """Return whether there is a session with this key that keeps its variables."""
        session = self._sessions.get(key)
        return session is not None and session.alive

    async def drop(self, key: str) -> None:
        """End the session with this key, if there is one that is not in use."""
        if key not in self._in_use:
            await self._discard(key)

    @asynccontextmanager
    async def session(self, key: str) -> AsyncIterator[Session]:
        """Reserve the session with this key until the block ends; start one if there is none.

        Raises `InterpreterBusy` if all sessions stay in use for 30 seconds, and `InterpreterError`.
        """
        if self._unavailable:
            raise InterpreterError(self._unavailable)
        await self._reserve(key)
        try:
            yield await self._alive(key)
        finally:
            await asyncio.shield(self._release(key))

    async def _reserve(self, key: str) -> None:
        try:
            async with self._changed, asyncio.timeout(_WAITS):
                await self._changed.wait_for(lambda: self._is_free(key))
                self._in_use.add(key)
        except TimeoutError:
            raise InterpreterBusy(
                "All sessions of the code interpreter are in use; try again later."
            ) from None

    def _is_free(self, key: str) -> bool:
        return key not in self._in_use and len(self._in_use) < self._most

    async def _alive(self, key: str) -> Session:
        session = self._sessions.get(key)
        if session is not None and session.alive:
            return session
        await self._discard(key)
        while len(self._sessions.keys() | self._in_use) > self._most:
            await self._discard(self._least_recent())
        started = await self._start()
        self._sessions[key] = started
        return started

    def _least_recent(self) -> str:
        idle = self._sessions.keys() - self._in_use
        return min(idle, key=lambda key: self._used_at.get(key, 0))

    async def _release(self, key: str) -> None:
        session = self._sessions.get(key)
        if session is not None and not session.alive:
            await self._discard(key)
        elif session is not None:
            self._used_at[key] = time.monotonic()
        async with self._changed:
            self._in_use.discard(key)
            self._changed.notify_all()

    async def _discard(self, key: str) -> None:
        self._used_at.pop(key, None)
        session = self._sessions.pop(key, None)
        if session is not None:
            await session.close()
            if self._zygote is not None:
                self._zygote.remove(session.path)

    async def _start(self) -> Session:
        try:
            zygote = await self._running_zygote()
        except OSError as error:  # no room for its folder, for example
            logger.exception("the code interpreter could not be started")
            raise InterpreterError(_NOT_STARTED) from error
        self._count += 1
        assert self._folder is not None
        folder = SessionFolder(self._folder / str(self._count), self._limits.disk_bytes)
        try:
            return await self._started(zygote, folder)
        except BaseException as error:
            # A cancellation, too, leaves nothing behind.
            folder.close()
            zygote.remove(folder.path)
            if isinstance(error, OSError):
                logger.exception("the code interpreter could not start a session")
                raise InterpreterError(_NOT_STARTED) from error
            raise

    async def _started(self, zygote: Zygote, folder: SessionFolder) -> Session:
        await folder.open()
        process = await zygote.fork(folder.path)
        session = Session(process, folder, self._limits)
        try:
            await session.entered()
        except BaseException:
            await asyncio.shield(session.close())
            raise
        return session

    async def _running_zygote(self) -> Zygote:
        async with self._starting:
            if self._zygote is not None and self._zygote.alive:
                return self._zygote
            await self._close_zygote()
            assert self._python is not None
            folder, self._lock = await asyncio.to_thread(run_folder.make, self._parent)
            self._folder = folder
            tasks = await asyncio.to_thread(user_tasks)
            if tasks:
                tasks += self._most * self._limits.threads + _SPARE_TASKS
            self._zygote = await Zygote.start(
                self._python,
                folder,
                self._lock,
                closed_places(),
                {
                    "memory_bytes": self._limits.memory_bytes,
                    "disk_bytes": self._limits.disk_bytes,
                    "tasks": tasks,
                },
            )
            return self._zygote

    async def _close_zygote(self) -> None:
        zygote, self._zygote = self._zygote, None
        removed = zygote is not None and await zygote.close()
        folder, self._folder = self._folder, None
        if folder is not None:
            os.close(self._lock)
            if not removed:
                try:
                    await asyncio.to_thread(remove_folder, folder)
                except OSError as error:  # a session of the zygote that crashed may still end
                    logger.warning("files of code could not be removed: %s", error)

    async def _end_idle(self) -> None:
        """End sessions that were not used for so long, and then the zygote."""
        before = time.monotonic() - self._idle_seconds
        for key in [*self._sessions]:
            # Looked up for each: the one before took time to end.
            session = self._sessions.get(key)
            if session is None or key in self._in_use:
                continue
            if self._used_at.get(key, 0) < before or not session.alive:
                await self._discard(key)
        async with self._starting:
            if not self._sessions and not self._in_use:
                await self._close_zygote()
