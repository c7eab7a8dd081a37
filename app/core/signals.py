"""Hearing that the process is asked to stop, before the server has stopped serving."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


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
