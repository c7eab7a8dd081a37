"""Callbacks for signals: to stop, called before the server has stopped; and to reload."""

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
    """Call `callback` on SIGTERM and SIGINT, before the handler that was set earlier.

    Only the main thread can handle signals; in other threads (a server inside another program)
    this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.getsignal(number) for number in _STOP_SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        callback()
        before = previous[signal.Signals(number)]
        if callable(before):
            before(number, frame)

    for number in _STOP_SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


@contextmanager
def on_reload_signal(callback: Callable[[], object]) -> Iterator[None]:
    """Call `callback` on SIGHUP. Like `on_stop_signal`, this works only in the main thread.

    The signal is also sent when the terminal is closed. A server that was started in that terminal
    then stops as usual: otherwise it would keep running unnoticed.
    """
    number = _RELOAD_SIGNAL
    if number is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    at_terminal = has_terminal()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if at_terminal and not has_terminal():
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            callback()

    previous = signal.signal(number, handle)
    try:
        yield
    finally:
        signal.signal(number, previous)


def has_terminal() -> bool:
    """Return whether standard error is a terminal that is still open."""
    try:
        return os.isatty(sys.__stderr__.fileno()) if sys.__stderr__ else False
    except (OSError, ValueError):
        return False
