"""PostgreSQL connections by thread, so that another thread can drop them."""

import contextlib
import os
import socket
import threading
from typing import Any

from sqlalchemy import Engine, event


class Links:
    """The open connection of each thread.

    If the peer vanishes silently, the thread waits for minutes. Shutting down the connection's
    socket wakes it, whatever it is waiting for.
    """

    def __init__(self, engine: Engine) -> None:
        """`engine` must not share connections between threads."""
        # Connections of psycopg, which a server with SQLite does not load.
        self._open: dict[int, Any] = {}
        self._faults = (OSError, engine.dialect.loaded_dbapi.Error)
        event.listen(engine, "do_connect", self._connect)

    def drop(self, thread: int) -> None:
        """Shut down the connection that the thread opened last, if it is still open."""
        connection = self._open.get(thread)
        if connection is None:
            return
        with contextlib.suppress(*self._faults):
            # A copy of the descriptor: the connection closes its own.
            end = socket.socket(fileno=os.dup(connection.fileno()))
            with end:
                end.shutdown(socket.SHUT_RDWR)

    def _connect(self, dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        connection = dialect.connect(*arguments, **options)
        self._open[threading.get_ident()] = connection
        return connection
