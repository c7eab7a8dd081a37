"""A TCP proxy that can be cut, to simulate network failures."""

import contextlib
import socket
import threading


class TcpProxy:
    """Forwards connections to `target` until it is cut; `mend` opens the same port again.

    Between `swallow` and `flow` it accepts connections and bytes without forwarding them, like a
    frozen machine, or a firewall that has forgotten a connection.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self.port = 0
        self._flowing = threading.Event()
        self._flowing.set()
        self.mend()

    def swallow(self) -> None:
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    def mend(self) -> None:
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        for end in (self._listener, *self._ends):
            # Only this wakes a thread that waits on the socket.
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(
                    target=_pump, args=(source, sink, self._flowing), daemon=True
                ).start()


def _pump(source: socket.socket, sink: socket.socket, flowing: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            flowing.wait()
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
