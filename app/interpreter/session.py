"""A session: one process that keeps variables between calls, and its folder."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from pathlib import Path

from app.interpreter.call import Call
from app.interpreter.events import (
    Ended,
    Event,
    InterpreterError,
    Limits,
    MadeFile,
    Shown,
    Unreadable,
)
from app.interpreter.folder import OverLimit, SessionFolder
from app.interpreter.pipes import OutputPipe, Replies, send_line, wait_readable
from app.interpreter.watch import Hidden, Usage, cpu_seconds, usage
from app.interpreter.zygote import SessionProcess

logger = logging.getLogger(__name__)

# How often (in seconds) the process is measured while code runs, and for which part of the time.
_LOOK_EVERY, _LOOK_SHARE = 0.25, 0.2
# Seconds for code to stop after an interruption: at a limit, and when the run was cancelled.
_STOPS, _CANCELS = 2.0, 0.5
# Seconds for the process to take a request.
_TAKES = 5.0
_FIGURE_BYTES = 20 << 20
_PNG = b"\x89PNG\r\n\x1a\n"
_SIGNALS = {
    "SIGSEGV": "it crashed with a segmentation fault",
    "SIGBUS": "it crashed with a bus error",
    "SIGABRT": "it aborted",
    "SIGFPE": "it crashed with an arithmetic error",
    "SIGKILL": "it was killed, perhaps because the machine is short of memory",
}


class Session:
    """Code runs in it one piece at a time. `Interpreter.session` gives it to one user at a time."""

    def __init__(self, process: SessionProcess, folder: SessionFolder, limits: Limits) -> None:
        self.fresh = True
        """Whether no code has run in it yet: variables of earlier sessions are gone."""
        self._process = process
        self._folder = folder
        self._limits = limits
        self._replies = Replies(process.replies)
        self._output = OutputPipe(
            process.output,
            {
                str(folder.path / "data"): "/mnt/data",
                str(folder.path / "tmp"): "/tmp",
            },
        )
        self._calls = 0
        self._looking: asyncio.Future[str] | None = None
        self._ended = False

    @property
    def alive(self) -> bool:
        """Whether code can still be run: the process was not ended, and did not end."""
        return not self._ended and not self._process.status.done()

    @property
    def path(self) -> Path:
        """The session's folder, to remove it once the session is closed."""
        return self._folder.path

    @property
    def skipped(self) -> list[str]:
        """The names of files that the last `changed` left out: too many, too large, or unreadable
        names."""
        return self._folder.skipped

    async def entered(self) -> None:
        """Wait until the process is in its sandbox. Raises `InterpreterError`."""
        while self._replies.next() is None:
            if self._replies.closed:
                raise InterpreterError("The code interpreter's sandbox could not be entered.")
            await wait_readable([self._replies.file], _TAKES)

    async def put(self, name: str, chunks: AsyncIterator[bytes], *, also: str = "") -> str:
        """Store a file in `/mnt/data` and return the name it got.

        Folders in `name` and unusable letters are left out; if a file of that name exists, a
        number is added. `also`: a second name for the same file. Raises `NoRoom`, and whatever
        `chunks` raises.
        """
        return await self._folder.put(name, chunks, also)

    async def put_back(self, name: str, chunks: AsyncIterator[bytes]) -> str:
        """Store a file that code made in an earlier session; its folders are made too.

        Only for a fresh session: code could have replaced folders by links. Returns and raises as
        `put` does.
        """
        assert self.fresh
        return await self._folder.put(name, chunks, "", with_folders=True)

    async def changed(self) -> list[MadeFile]:
        """Return the files that were made or changed since the last `changed` or `put`.

        At most 20 and those of at most 100 MiB; `skipped` names the others. Hidden files are left
        out. Raises `InterpreterError` if the files exceed the session's limits, which ends it.
        """
        try:
            return await self._folder.changed()
        except OverLimit as error:
            await self.end()
            raise InterpreterError(f"The code was stopped: {error}. Its files are lost.") from None

    async def read(self, file: MadeFile | Shown) -> bytes:
        """Return a file's bytes; also after the process has ended. Raises `Unreadable`."""
        if isinstance(file, MadeFile):
            return await self._folder.read_made(file)
        content = await self._folder.read_shown(file.path, _FIGURE_BYTES)
        if not content.startswith(_PNG):
            raise Unreadable("The figure is not a PNG image.")
        return content

    async def execute(self, code: str) -> AsyncGenerator[Event, None]:
        """Run code, and yield what it prints and shows as it does; the last event is `Ended`.

        If the generator is closed before that, the code is interrupted. If it doesn't stop then,
        or exceeds a limit and doesn't stop, the process is killed.
        """
        call = await self._begin(code)
        watching = asyncio.create_task(self._watch(call), name="interpreter watch")
        watching.add_done_callback(self._watched)
        try:
            while not call.ended and not call.lost:
                for event in await call.more():
                    yield event
            if call.lost:
                for event in await self._last_events(call):
                    yield event
            assert call.ended is not None
            yield call.ended
        finally:
            watching.cancel()
            await asyncio.shield(self._finish(call))

    async def _begin(self, code: str) -> Call:
        self.fresh = False
        self._calls += 1
        call = Call(self._calls, self._replies, self._output, self._process.pidfd, self._limits)
        request = {
            "number": call.number,
            "code": code,
            "output_characters": self._limits.output_characters,
        }
        self._process.signal(signal.SIGCONT)
        try:
            await send_line(self._process.requests, request, _TAKES)
        except (OSError, TimeoutError):
            call.lost = True
        return call

    async def _last_events(self, call: Call) -> list[Event]:
        """Return the events of a call whose process has ended, or must end."""
        status = await self.end()
        events = call.last_output()
        how, note = call.verdict or ("died", f"The code was stopped: {_reason(status)}.")
        call.ended = Ended(how, f"{note} The variables are lost.")
        return events

    async def _finish(self, call: Call) -> None:
        """Interrupt the code if it still runs; stop the process until the next call.

        A stopped process uses nothing, and can't change files while they are read.
        """
        if call.ended is None and self.alive:
            await self._interrupt(call)
        if self.alive:
            self._process.signal(signal.SIGSTOP)

    async def _interrupt(self, call: Call) -> None:
        self._process.signal(signal.SIGINT)
        until = time.monotonic() + _CANCELS
        while not call.ended and not call.lost and (left := until - time.monotonic()) > 0:
            await call.more(left)
        if call.ended is None:
            await self.end()

    async def _watch(self, call: Call) -> None:
        """Stop the code at the limits."""
        started = time.monotonic()
        pause = _LOOK_EVERY
        with suppress(FileNotFoundError, ProcessLookupError):  # the process has ended
            used_before = cpu_seconds(self._process.pid)
            while True:
                await asyncio.sleep(pause)
                looked = time.monotonic()
                self._looking = asyncio.ensure_future(asyncio.to_thread(self._excess))
                if why := await asyncio.shield(self._looking):
                    return await self._kill(call, why)
                used = cpu_seconds(self._process.pid) - used_before
                if why := self._too_long(time.monotonic() - started, used):
                    return await self._stop(call, why)
                took = time.monotonic() - looked
                pause = max(_LOOK_EVERY, took / _LOOK_SHARE)

    def _watched(self, watching: asyncio.Task[None]) -> None:
        """End a process that can't be watched: it could use as much as it likes."""
        if not watching.cancelled() and (error := watching.exception()) is not None:
            logger.error("code is ended because it can't be watched", exc_info=error)
            self._process.signal(signal.SIGKILL)

    def _excess(self) -> str:
        """Return what the process uses too much of, other than time; empty if nothing."""
        try:
            used = usage(self._process.pid, self._folder.path)
            self._folder.check(used.open_bytes)
        except Hidden:
            return "it hid files that it uses"
        except OverLimit as error:
            return str(error)
        return self._too_many_threads(used)

    def _too_many_threads(self, used: Usage) -> str:
        most = self._limits.threads
        return f"it started more than {most} threads" if used.threads > most else ""

    def _too_long(self, seconds: float, used: float) -> str:
        if used > self._limits.cpu_seconds:
            return f"it computed for more than {self._limits.cpu_seconds:g} seconds"
        if seconds > self._limits.seconds:
            return f"it took more than {self._limits.seconds:g} seconds"
        return ""

    async def _stop(self, call: Call, why: str) -> None:
        """Interrupt the code, so that variables are kept; kill the process if that fails."""
        call.verdict = ("timeout", f"The code was stopped: {why}.")
        self._process.signal(signal.SIGINT)
        await asyncio.sleep(_STOPS)
        self._process.signal(signal.SIGKILL)

    async def _kill(self, call: Call, why: str) -> None:
        call.verdict = ("limit", f"The code was stopped: {why}.")
        self._process.signal(signal.SIGKILL)

    async def end(self) -> int | None:
        """End the process; files can still be read. Return its status if it is known."""
        self._ended = True
        return await self._process.end()

    async def close(self) -> None:
        """End the process, and stop using the folder."""
        await self.end()
        if self._looking is not None:
            # It uses the folder.
            await asyncio.gather(self._looking, return_exceptions=True)
        self._process.close()
        self._folder.close()


def _reason(status: int | None) -> str:
    if status is None or status == 0:
        return "it ended the interpreter's process"
    if status > 0:
        return f"it ended the interpreter's process with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:  # one of the real-time signals
        name = f"signal {-status}"
    return _SIGNALS.get(name, f"it was ended by {name}")
