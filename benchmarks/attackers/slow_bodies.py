"""Connections that are held open: half a head, half a body, half an upload, a byte at a time."""

import asyncio
from itertools import cycle

from benchmarks.attackers.attacker import Attacker

_CONNECTIONS = 400  # for each server
# As slow as it can be without being silent: too slow for the deadline of a body.
_A_BYTE_EVERY = 1.0


class SlowBodies(Attacker):
    """As many connections as an attacker with one address may well hold."""

    clients = 2 * _CONNECTIONS

    async def prepare(self) -> None:
        head = b"host: 127.0.0.1\r\nauthorization: Bearer %s\r\n" % self.key.encode()
        json = head + b"content-type: application/json\r\n"
        form = head + b"content-type: multipart/form-data; boundary=x\r\n"
        part = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        self._kinds = cycle(
            [
                b"GET /api/v1/assistants HTTP/1.1\r\n" + head + b"x-slow: ",
                b"POST /api/v1/chat HTTP/1.1\r\n" + json + b"content-length: 2000\r\n\r\n",
                b"POST /api/v1/threads HTTP/1.1\r\n"
                + json
                + b"content-length: 4000000\r\n\r\n"
                + b'{"metadata": {"a": "'
                + b"a" * 300_000,
                b"POST /api/v1/threads HTTP/1.1\r\n"
                + json
                + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n5\r\n",
                b"POST /api/v1/files HTTP/1.1\r\n"
                + form
                + b"content-length: 90000000\r\n\r\n"
                + part
                + b"a" * 300_000,
            ]
        )

    async def strike(self, number: int) -> None:
        port = self.ports[number % len(self.ports)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(next(self._kinds))
            answer = asyncio.create_task(reader.read(4096))
            while not answer.done():
                await asyncio.wait([answer], timeout=_A_BYTE_EVERY)
                if not answer.done():
                    writer.write(b"a")
            status = answer.result().split(b" ")[1:2] or [b"closed"]
            self.answers[status[0].decode()] += 1
        finally:
            writer.transport.abort()
