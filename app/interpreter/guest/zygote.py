"""The zygote: a process with the libraries loaded, from which sessions are forked.

It runs no code of users. The server sends it a message for each session, with the session's pipes;
it answers with the process id and a file descriptor of the process (pidfd), and reports when a
session ends. If the server dies, the socket closes, and it ends all sessions and removes their
folders.
"""

import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from app.interpreter.guest import paths, session
from app.interpreter.guest.figures import draw_once, set_up_matplotlib
from app.interpreter.removal import remove_folder

_LIBRARIES = (
    *(
        "numpy",
        "pandas",
        "matplotlib.pyplot",
        "matplotlib.figure",
        "PIL.Image",
        "PIL.JpegImagePlugin",
    ),
    # Small, often used, and slow to import from a cold disk.
    *("openpyxl", "csv", "statistics", "zipfile", "sqlite3", "glob", "shutil", "tempfile"),
)
FONT_LISTS = ("share", "matplotlib")
_MESSAGE = 1 << 16
_PIPES = 3
_NICENESS = 10
_LAST_FILE = 1 << 16
_WIDTH = 160


class Zygote:
    """`config`: `folder` of all sessions, `closed` folders and `limits` for `policy`."""

    def __init__(self, control: socket.socket, config: dict[str, Any]) -> None:
        self._control = control
        self._config = config
        # By its pidfd: the process id, and a session's number or the folder that is being removed.
        self._children: dict[int, tuple[int, int | Path]] = {}

    def serve(self) -> None:
        control = self._control.fileno()
        while True:
            ready, _, _ = select.select([control, *self._children], [], [])
            for ended in self._children.keys() & ready:
                self._reap(ended)
            if control in ready and not self._receive():
                return

    def _receive(self) -> bool:
        """Do what the next message says; return False if the server is gone."""
        message, pipes, _, _ = socket.recv_fds(self._control, _MESSAGE, _PIPES)
        if not message:
            return False
        task = json.loads(message)
        if "remove" in task:
            self._remove(Path(task["remove"]))
            return True
        try:
            self._start(task["number"], Path(task["folder"]), pipes)
        except OSError as error:
            self._send({"failed": task["number"], "why": str(error)})
        finally:
            for opened in pipes:
                os.close(opened)
        return True

    def _start(self, number: int, folder: Path, pipes: list[int]) -> None:
        requests, replies, output = pipes
        zygote = os.getpid()
        child = os.fork()
        if child == 0:
            _become_session((requests, replies, output), folder, self._config, zygote)
        pidfd = os.pidfd_open(child)
        self._children[pidfd] = (child, number)
        self._send({"started": number, "pid": child}, [pidfd])

    def _remove(self, folder: Path) -> None:
        """Remove a folder, in a process of its own: sessions need not wait for it."""
        child = os.fork()
        if child == 0:
            _remove_and_exit(folder)
        self._children[os.pidfd_open(child)] = (child, folder)

    def _reap(self, pidfd: int) -> None:
        child, task = self._children.pop(pidfd)
        _, status = os.waitpid(child, 0)
        os.close(pidfd)
        if isinstance(task, int):
            self._send({"ended": task, "status": os.waitstatus_to_exitcode(status)})
        elif status:
            self._send({"left": str(task)})

    def _send(self, message: dict[str, Any], files: list[int] | None = None) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # the next `recv` reports it
            socket.send_fds(self._control, [json.dumps(message).encode()], files or [])

    def end(self) -> None:
        """End all sessions, and remove their folders."""
        for pidfd, (child, _) in self._children.items():
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            os.waitpid(child, 0)
        remove_folder(Path(self._config["folder"]))


def _become_session(
    pipes: tuple[int, int, int], folder: Path, config: dict[str, Any], zygote: int
) -> NoReturn:
    try:
        session.enter(pipes, folder, config, zygote)
        session.report({"entered": True})
        session.serve(folder)
    except BaseException:  # noqa: BLE001 - this process must end here, whatever happened
        # To the output pipe, which the server shows if the session ends unexpectedly.
        with suppress(OSError, ValueError):
            os.write(2, traceback.format_exc().encode())
        os._exit(1)
    os._exit(0)


def _remove_and_exit(folder: Path) -> NoReturn:
    # The zygote's files: the server must not wait for this process.
    os.closerange(0, _LAST_FILE)
    os.nice(_NICENESS)
    try:
        remove_folder(folder)
    except OSError:
        os._exit(1)
    os._exit(0)


def load() -> None:
    """Import the libraries, once for all sessions."""
    paths.install()
    _copy_font_list()
    for library in _LIBRARIES:
        importlib.import_module(library)
    set_up_matplotlib()
    draw_once()
    pandas = importlib.import_module("pandas")
    pandas.set_option("display.width", _WIDTH)
    pandas.set_option("display.max_columns", 30)
    # Korean letters are as wide as two others.
    pandas.set_option("display.unicode.east_asian_width", True)
    sys.dont_write_bytecode = True
    # What is here stays: sessions then share its memory for longer.
    gc.collect()
    gc.freeze()


def _copy_font_list() -> None:
    """Take over matplotlib's list of fonts, if it was made when the environment was installed.

    matplotlib needs a second to make it, and takes it only from a folder that it can write to.
    """
    for path in Path(sys.prefix, *FONT_LISTS).glob("fontlist-*.json"):
        shutil.copyfile(path, Path(os.environ["MPLCONFIGDIR"], path.name))


def main() -> None:
    """`python -c … FD CONFIG`: the socket's number, and `config` as JSON."""
    # Process managers may send these to all processes at a stop, while runs still get their time.
    # It ends when the server does.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    zygote = Zygote(control, json.loads(sys.argv[2]))
    load()
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        # A fork copies only one; locks that others hold would stay locked.
        raise SystemExit(f"the libraries started {threads - 1} threads")
    control.send(b'{"ready": true}')
    try:
        zygote.serve()
    finally:
        zygote.end()
