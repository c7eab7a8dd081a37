"""A session: the process that runs code. It enters its sandbox before it reads any request."""

import builtins
import fcntl
import importlib
import json
import os
import random
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from app.core import fence
from app.core.fence import libc
from app.interpreter.guest import paths
from app.interpreter.guest.cells import Cells, Outcome
from app.interpreter.guest.channel import REPLIES, REQUESTS, Channel
from app.interpreter.guest.figures import Figures
from app.interpreter.guest.output import Output
from app.interpreter.guest.policy import policy

# What the session's folder contains: files of the code, temporary files, figures for the server.
FOLDERS = ("data", "tmp", "shown")
_DIES_WITH_PARENT = 1
_NICENESS = 10
# The kernel ends sessions first if the machine runs out of memory.
_OOM_SCORE = 800
_FIRST_FREE = 100
_LAST = 1 << 16


def enter(pipes: tuple[int, int, int], folder: Path, config: dict[str, Any], zygote: int) -> None:
    """Make a forked process a session that can't be left: the rest of it is the sandbox.

    `pipes`: for requests, replies and output. `zygote`: the parent's process id. Raises `OSError`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    libc.prctl(_DIES_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != zygote:
        os._exit(1)
    _keep_only(pipes)
    os.nice(_NICENESS)
    with suppress(OSError):  # some containers forbid it
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
    _set_environment(folder)
    fences = policy(
        [folder / name for name in FOLDERS], list(map(Path, config["closed"])), config["limits"]
    )
    if lacking := fence.apply(fences):
        # The server has checked this before.
        raise OSError(f"there is no sandbox: {lacking}")


def serve(folder: Path) -> None:
    """Execute requests until the server closes the pipe."""
    Session(folder).serve()


def _keep_only(pipes: tuple[int, int, int]) -> None:
    """Close every file but these, which get fixed numbers."""
    null = os.open(os.devnull, os.O_RDWR)
    requests, replies, output, nothing = (
        fcntl.fcntl(opened, fcntl.F_DUPFD, _FIRST_FREE) for opened in (*pipes, null)
    )
    for opened, number in (
        *((nothing, 0), (output, 1), (output, 2)),
        *((requests, REQUESTS), (replies, REPLIES)),
    ):
        os.dup2(opened, number)
    os.closerange(REPLIES + 1, _LAST)


def _set_environment(folder: Path) -> None:
    data, temporary, _ = (str(folder / name) for name in FOLDERS)
    paths.use({paths.DATA: data, paths.TEMPORARY: temporary}, str(folder))
    os.chdir(data)
    os.environ.update(
        HOME=paths.DATA,
        TMPDIR=paths.TEMPORARY,
        # Read by C libraries, which need the real folders.
        SQLITE_TMPDIR=temporary,
        MPLCONFIGDIR=temporary,
    )
    sys.path.insert(0, data)
    # Every session is a copy of the same process.
    random.seed()
    importlib.import_module("numpy.random").seed()


class Session:
    """Executes the server's requests one after the other."""

    def __init__(self, folder: Path) -> None:
        self._channel = Channel()
        self._output = Output()
        self._request: Any = None
        self._figures = Figures(folder / "shown", self._announce)
        self._figures.install()
        self._cells = Cells(self._figures.show, str(folder / "data"))
        vars(builtins)["display"] = self._cells.display
        self._running = False
        self._sending = False
        self._interrupted = False

    def serve(self) -> None:
        while (request := self._channel.receive()) is not None:
            self._answer(request)

    def _answer(self, request: dict[str, Any]) -> None:
        self._request = request["number"]
        # Code may have changed both.
        self._output.open(request["output_characters"])
        signal.signal(signal.SIGINT, self._interrupt)
        how, traceback = self._interruptible(lambda: self._run(request["code"]))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._channel.send({"number": self._request, "ended": how, "traceback": traceback})

    def _run(self, code: str) -> tuple[Outcome, str]:
        how, traceback = self._cells.run(code)
        if how == "interrupted":
            self._figures.close_open()
        else:
            self._figures.show_open()
        with suppress(OSError, ValueError):  # code has closed it
            self._output.flush()
        return how, traceback

    def _interruptible(self, run: Callable[[], tuple[Outcome, str]]) -> tuple[Outcome, str]:
        try:
            self._running = True
            ended = run()
            self._running = False
        except KeyboardInterrupt:
            # Before or after the code, or while its figures were drawn.
            self._running = False
            return "interrupted", "KeyboardInterrupt\n"
        except Exception as error:  # noqa: BLE001 - figures that can't be drawn, whatever the reason
            self._running = False
            return "error", f"{type(error).__name__}: {str(error)[:1000]}\n"
        return ended

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self._sending:
            self._interrupted = True
        elif self._running:
            raise KeyboardInterrupt

    def _announce(self, name: str) -> None:
        with suppress(OSError, ValueError):
            self._output.flush()
        # An interruption must not leave half a line in the pipe.
        self._sending, self._interrupted = True, False
        reply = {"number": self._request, "shown": name, "after": self._output.written}
        self._channel.send(reply)
        self._sending = False
        if self._interrupted:
            raise KeyboardInterrupt


def report(reply: dict[str, Any]) -> None:
    """Send one reply before there is a session; used by the zygote's child."""
    os.write(REPLIES, json.dumps(reply).encode() + b"\n")
