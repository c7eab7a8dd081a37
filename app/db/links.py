"""The connections to PostgreSQL by the thread that opened them, to be dropped from another."""

import contextlib
import os
import socket
import threading
from typing import Any

import psycopg
from sqlalchemy import Engine, event


class Links:
    """Knows the connection of each thread from the moment it is open.

    A connection whose peer has vanished without a word leaves its thread waiting for minutes. What
    wakes it is the end of its socket, whatever it waits for.
    """

    def __init__(self, engine: Engine) -> None:
        """`engine` must not share connections between threads."""
        self._open: dict[int, psycopg.Connection[Any]] = {}
        event.listen(engine, "do_connect", self._connect)

    def drop(self, thread: int) -> None:
        """End the connection that the thread has opened last, if it is still open."""
        connection = self._open.get(thread)
        if connection is None:
            return
        with contextlib.suppress(OSError, psycopg.Error):
            # A copy of the descriptor: the connection closes its own.
            end = socket.socket(fileno=os.dup(connection.fileno()))
            with end:
                end.shutdown(socket.SHUT_RDWR)

    def _connect(self, dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        connection = dialect.connect(*arguments, **options)
        self._open[threading.get_ident()] = connection
        return connection
