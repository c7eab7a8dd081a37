"""Several server processes on one port: the process that starts them, and what they ask of it.

The first process reads the settings and imports everything, then forks the workers, which share
that memory. It replaces a worker that dies, passes signals on, and counts requests for all of them.
"""

import contextlib
import json
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from app.core.membership import Membership
from app.core.shared_counts import Counts
from app.core.signals import has_terminal

logger = logging.getLogger(__name__)

# Linux spreads connections over sockets that share a port. Elsewhere the workers share one socket.
_SPREADS = sys.platform.startswith("linux")
# Seconds until a worker that died is replaced: doubled each time, unless it served for a while.
_FIRST_PAUSE, _LONGEST_PAUSE, _STEADY = 0.5, 30.0, 60.0
_LINE = 64 * 1024


@dataclass
class _Worker:
    number: int
    pid: int
    channel: socket.socket
    began: float = field(default_factory=time.monotonic)
    serving: bool = False
    reload_later: bool = False
    unread: bytes = b""


Serve = Callable[[list[socket.socket]], int]


class ProcessGroup:
    """The first process."""

    def __init__(
        self,
        membership: Membership,
        address: tuple[str, int],
        serve: Serve,
        *,
        on_serving: Callable[[int], None],
        on_death: Callable[[int], None],
    ) -> None:
        """`serve` runs in a worker, with its listening sockets, and returns its exit status.

        `on_serving` is called with the port once every worker listens, `on_death` with the id of a
        process that has ended.
        """
        self._membership = membership
        self._serve = serve
        self._on_serving = on_serving
        self._on_death = on_death
        self._reserved = list(_bound(address))
        self._port: int = self._reserved[0].getsockname()[1]
        self._workers: dict[int, _Worker] = {}
        self._pauses: dict[int, float] = {}
        self._due: dict[int, float] = {}
        self._counts = Counts()
        self._at_terminal = has_terminal()
        self._served = self._stopping = self._reloaded = False
        self._status = 0

    def run(self) -> int:
        """Serve until a signal ends it; return the exit status."""
        with _signals() as received:
            for number in range(1, self._membership.workers + 1):
                self._start(number)
            while self._workers or (self._due and not self._stopping):
                self._wait(received)
                self._bury()
                self._replace()
        return self._status

    def _start(self, number: int) -> None:
        ours, theirs = socket.socketpair()
        # Until the worker has handlers of its own, a signal would reach those of this process.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _numbers())
        pid = os.fork()
        if pid == 0:
            # Nothing of the first process's own work may go on here.
            os._exit(self._be_worker(ours, theirs))
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        ours.setblocking(False)
        self._workers[pid] = _Worker(number, pid, ours)

    def _be_worker(self, ours: socket.socket, theirs: socket.socket) -> int:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _numbers():
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            # Until the application is open, it can't reload.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _numbers())
            ours.close()
            for other in self._workers.values():
                other.channel.close()
            self._membership.channel = theirs
            self._membership.replaces_after_reload = self._reloaded
            status = self._serve(self._listeners())
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
        except BaseException:
            logger.exception("worker failed")
        finally:
            logging.shutdown()
        return status

    def _listeners(self) -> list[socket.socket]:
        if not _SPREADS:
            return self._reserved
        # They listen once the application is open; until then, the other workers get all calls.
        return [_bind(one.getsockname(), one.family) for one in self._reserved]

    def _wait(self, received: socket.socket) -> None:
        """Wait for a signal, for words of a worker, or until one is to be replaced."""
        channels = {worker.channel: worker for worker in self._workers.values()}
        pause = min(self._due.values(), default=None)
        seconds = None if pause is None else max(0.0, pause - time.monotonic())
        ready, _, _ = select.select([received, *channels], [], [], seconds)
        for one in ready:
            if one is received:
                for number in received.recv(_LINE):
                    self._pass_on(signal.Signals(number))
            elif channels[one].pid in self._workers:
                self._hear(channels[one])

    def _pass_on(self, received: signal.Signals) -> None:
        if received in (signal.SIGTERM, signal.SIGINT) or (
            # It was started in a terminal that is closed.
            received == signal.SIGHUP and self._at_terminal and not has_terminal()
        ):
            self._stopping = True
            # Never SIGINT: a terminal sends it to the workers too, and uvicorn hurries at a second.
            self._send(signal.SIGTERM)
        elif received == signal.SIGHUP:
            self._reloaded = True
            for worker in self._workers.values():
                if worker.serving:
                    os.kill(worker.pid, signal.SIGHUP)
                else:
                    worker.reload_later = True

    def _send(self, number: signal.Signals) -> None:
        for pid in self._workers:
            os.kill(pid, number)

    def _hear(self, worker: _Worker) -> None:
        with contextlib.suppress(OSError):
            worker.unread += worker.channel.recv(_LINE)
        *lines, worker.unread = worker.unread.split(b"\n")
        answers = [answer for line in lines if (answer := self._answer(worker, json.loads(line)))]
        # A worker that doesn't read counts by itself.
        with contextlib.suppress(OSError):
            worker.channel.send(b"".join(answers))

    def _answer(self, worker: _Worker, said: dict[str, object]) -> bytes:
        if said.get("serving"):
            worker.serving = True
            if worker.reload_later:
                os.kill(worker.pid, signal.SIGHUP)
            if not self._served and all(one.serving for one in self._workers.values()):
                self._served = True
                self._on_serving(self._port)
            return b""
        return self._counts.answer(said)

    def _bury(self) -> None:
        """Note which workers have ended."""
        for pid, status in _ended():
            # As the first process of a container, it also inherits what a dead worker had started.
            if (worker := self._workers.pop(pid, None)) is None:
                continue
            worker.channel.close()
            self._on_death(pid)
            code = os.waitstatus_to_exitcode(status)
            if self._stopping:
                self._status = self._status or max(code, 0)
            elif not self._served:
                # As a process on its own would: the settings or the database must be put right.
                self._stopping, self._status = True, code if code > 0 else 1
                self._send(signal.SIGTERM)
            else:
                self._plan_replacement(worker, code)

    def _plan_replacement(self, worker: _Worker, code: int) -> None:
        moment, pause = time.monotonic(), self._pauses.get(worker.number, 0.0)
        steady = moment - worker.began >= _STEADY
        pause = _FIRST_PAUSE if steady or not pause else min(pause * 2, _LONGEST_PAUSE)
        self._pauses[worker.number] = pause
        self._due[worker.number] = moment + pause
        logger.error(
            "worker %d (process %d) ended with status %d; another one starts in %g s",
            *(worker.number, worker.pid, code, pause),
        )

    def _replace(self) -> None:
        if self._stopping:
            return
        for number, moment in [*self._due.items()]:
            if time.monotonic() >= moment:
                del self._due[number]
                self._start(number)


def _ended() -> Iterator[tuple[int, int]]:
    """Yield the ids and statuses of processes that have ended, which then are gone."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            yield ended


def _numbers() -> list[signal.Signals]:
    return [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD]


def _bound(address: tuple[str, int]) -> Iterator[socket.socket]:
    """Yield a socket for each of the host's addresses. Raises `OSError`.

    On Linux they only reserve the port, and no connection comes to them.
    """
    host, port = address
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, _, _, _, where in dict.fromkeys(found):
        one = _bind((where[0], port, *where[2:]), family)
        port = one.getsockname()[1]
        if not _SPREADS:
            one.listen(2048)
        yield one


def _bind(address: tuple[object, ...], family: int) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if _SPREADS:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(address)
    return one


@contextlib.contextmanager
def _signals() -> Iterator[socket.socket]:
    """Yield a socket from which the numbers of the signals that arrive can be read."""
    receiving, waking = socket.socketpair()
    for one in (receiving, waking):
        one.setblocking(False)
    before = {number: signal.signal(number, lambda *_: None) for number in _numbers()}
    signal.set_wakeup_fd(waking.fileno())
    try:
        yield receiving
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)
        receiving.close()
        waking.close()
