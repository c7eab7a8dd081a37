"""The server's end of the zygote: starts it, asks it for sessions, hears how they ended."""

import asyncio
import json
import logging
import os
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.interpreter.environment import command, variables
from app.interpreter.events import InterpreterError

logger = logging.getLogger(__name__)

# Seconds for the imports, on a slow disk; for a fork; until a killed process is gone.
_LOADS, _FORKS, _ENDS = 120.0, 20.0, 5.0
_LAST_WORDS = 1.0
_MESSAGE = 1 << 16
_SHOWN = 2000
_NOT_STARTED = "The code interpreter could not be started; the server's log says why."


@dataclass
class SessionProcess:
    """One session's process. `pidfd` stays valid however the process id is used again."""

    pid: int
    pidfd: int
    # The server's ends of its pipes.
    requests: int
    replies: int
    output: int
    # Its exit status, or the negative number of the signal that ended it.
    status: asyncio.Future[int] = field(repr=False)
    closed: bool = False

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if the process has ended."""
        if not self.closed:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, number)

    async def end(self) -> int | None:
        """Kill the process, and return its status once it is gone (None: unknown)."""
        self.signal(signal.SIGKILL)
        with suppress(TimeoutError):
            async with asyncio.timeout(_ENDS):
                return await asyncio.shield(self.status)
        return None

    def close(self) -> None:
        """Close the pipes; the process must have ended."""
        if not self.closed:
            self.closed = True
            for opened in (self.pidfd, self.requests, self.replies, self.output):
                os.close(opened)


class Zygote:
    """A running zygote; `start` makes one. It ends when `close` is called, or the server dies."""

    def __init__(self, process: Process, control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._number = 0
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._started: dict[int, asyncio.Future[tuple[int, int]]] = {}
        self._statuses: dict[int, asyncio.Future[int]] = {}
        self._errors = asyncio.create_task(self._read_errors(), name="interpreter errors")
        self.alive = True

    @classmethod
    async def start(
        cls, python: Path, folder: Path, lock: int, closed: list[Path], limits: dict[str, Any]
    ) -> "Zygote":
        """Start a zygote whose sessions have their folders in `folder`, which exists.

        `lock`: a file to keep open for as long as the folder is used. Raises `InterpreterError`.
        """
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        config = {"folder": str(folder), "closed": list(map(str, closed)), "limits": limits}
        try:
            with its:
                process = await asyncio.create_subprocess_exec(
                    *command(python, "zygote", str(its.fileno()), json.dumps(config)),
                    stdin=DEVNULL,
                    stdout=DEVNULL,
                    stderr=PIPE,
                    cwd=folder,
                    env=variables(folder),
                    pass_fds=[its.fileno(), lock],
                    # Ctrl+C at the server's terminal is not for it.
                    start_new_session=True,
                )
        except OSError as error:
            ours.close()
            logger.error("the code interpreter can't be started: %s", error)
            raise InterpreterError(_NOT_STARTED) from error
        ours.setblocking(False)
        zygote = cls(process, ours)
        try:
            await zygote._wait_until_ready()
        except BaseException:
            await asyncio.shield(zygote.close())
            raise
        return zygote

    async def _wait_until_ready(self) -> None:
        asyncio.get_running_loop().add_reader(self._control, self._receive)
        try:
            async with asyncio.timeout(_LOADS):
                await self._ready
        except TimeoutError:
            logger.error("the code interpreter did not start within %d seconds", _LOADS)
            raise InterpreterError(_NOT_STARTED) from None

    async def fork(self, folder: Path) -> SessionProcess:
        """Start a session in this folder, which has its subfolders. Raises `InterpreterError`."""
        self._number += 1
        number = self._number
        loop = asyncio.get_running_loop()
        started = self._started[number] = loop.create_future()
        status = self._statuses[number] = loop.create_future()
        its_requests, requests = os.pipe()
        replies, its_replies = os.pipe()
        output, its_output = os.pipe()
        message = json.dumps({"number": number, "folder": str(folder)}).encode()
        try:
            socket.send_fds(self._control, [message], [its_requests, its_replies, its_output])
            async with asyncio.timeout(_FORKS):
                pid, pidfd = await started
        except BaseException as error:
            # Without its pipes, a process that is started nevertheless ends by itself.
            for opened in (requests, replies, output):
                os.close(opened)
            if isinstance(error, (OSError, TimeoutError)):
                logger.error("the code interpreter's zygote did not start a session: %s", error)
                raise InterpreterError(_NOT_STARTED) from error
            raise
        finally:
            del self._started[number]
            for opened in (its_requests, its_replies, its_output):
                os.close(opened)
        for opened in (requests, replies, output):
            os.set_blocking(opened, False)
        return SessionProcess(pid, pidfd, requests, replies, output, status)

    def remove(self, folder: Path) -> None:
        """Remove the folder of a session that has ended. Code may have made that slow."""
        with suppress(OSError):  # the zygote has ended: everything is removed
            self._control.send(json.dumps({"remove": str(folder)}).encode())

    def _receive(self) -> None:
        """Handle one message. The zygote runs no code of users, so that it is trusted."""
        try:
            message, files, _, _ = socket.recv_fds(self._control, _MESSAGE, 1)
        except BlockingIOError:
            return
        except OSError:
            message, files = b"", []
        if not message:
            self._lost()
            return
        event = json.loads(message)
        if "ready" in event and not self._ready.done():
            self._ready.set_result(None)
        elif "started" in event:
            self._answer(event["started"], event["pid"], files)
        elif "failed" in event:
            self._fail(event["failed"], event["why"])
        elif "ended" in event:
            status = self._statuses.pop(event["ended"], None)
            if status is not None and not status.done():
                status.set_result(event["status"])
        elif "left" in event:
            logger.warning("files of code could not be removed: %s", event["left"])

    def _answer(self, number: int, pid: int, files: list[int]) -> None:
        started = self._started.get(number)
        if started is not None and not started.done():
            started.set_result((pid, files[0]))
            return
        # Nobody waits for it any more. Its pipes are closed, so that it ends by itself.
        for opened in files:
            os.close(opened)

    def _fail(self, number: int, why: str) -> None:
        started = self._started.get(number)
        if started is not None and not started.done():
            started.set_exception(OSError(why))

    def _lost(self) -> None:
        """The zygote has ended, and its sessions with it."""
        self.alive = False
        asyncio.get_running_loop().remove_reader(self._control)
        failure = InterpreterError(_NOT_STARTED)
        if not self._ready.done():
            self._ready.set_exception(failure)
        for started in self._started.values():
            if not started.done():
                started.set_exception(OSError("it has ended"))
        self._forget()

    def _forget(self) -> None:
        """Note that all sessions have ended."""
        for status in self._statuses.values():
            if not status.done():
                status.set_result(-signal.SIGKILL)
        self._statuses.clear()

    async def _read_errors(self) -> None:
        """Log what the zygote writes to its standard error: why it could not start."""
        stream = self._process.stderr
        assert stream is not None
        kept = bytearray()
        while block := await stream.read(_SHOWN):
            kept += block
            del kept[:-_SHOWN]
        if kept:
            text = kept.decode(errors="replace").strip()
            logger.error("the code interpreter's process failed: %s", text)

    async def close(self) -> bool:
        """End the zygote; it kills its sessions and removes their folders.

        Returns False if it ended before, and removed nothing. If it takes too long, it is killed:
        the next start of a server removes the rest.
        """
        crashed = not self.alive
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._control)
        self._control.close()
        self.alive = False
        try:
            async with asyncio.timeout(_ENDS):
                await self._process.wait()
        except TimeoutError:
            logger.warning("not all files of code could be removed in time")
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._errors, _LAST_WORDS)
        self._forget()
        return not crashed
