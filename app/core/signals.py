"""Hearing what the process is asked for: to stop, before the server has stopped; to reload."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# Windows has none.
_RELOAD_SIGNAL: signal.Signals | None = getattr(signal, "SIGHUP", None)


@contextmanager
def on_stop_signal(callback: Callable[[], object]) -> Iterator[None]:
    """Call `callback` when the process is asked to stop, besides whoever listens already.

    Only the main thread can listen; elsewhere (a server inside another program) nothing is heard.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.getsignal(number) for number in _STOP_SIGNALS}

    def heard(number: int, frame: FrameType | None) -> None:
        callback()
        before = previous[signal.Signals(number)]
        if callable(before):
            before(number, frame)

    for number in _STOP_SIGNALS:
        signal.signal(number, heard)
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


@contextmanager
def on_reload_signal(callback: Callable[[], object]) -> Iterator[None]:
    """Call `callback` on SIGHUP; where `on_stop_signal` can't listen, neither can this.

    The signal also says that the terminal was closed. A server that was started in that terminal
    then ends as ever: nobody would find it again.
    """
    number = _RELOAD_SIGNAL
    if number is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    at_terminal = _has_terminal()

    def heard(_number: int, _frame: FrameType | None) -> None:
        if at_terminal and not _has_terminal():
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            callback()

    previous = signal.signal(number, heard)
    try:
        yield
    finally:
        signal.signal(number, previous)


def _has_terminal() -> bool:
    """Tell whether somebody's terminal shows what this process says."""
    try:
        return os.isatty(sys.__stderr__.fileno()) if sys.__stderr__ else False
    except (OSError, ValueError):
        return False
