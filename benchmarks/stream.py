"""The cost of a streamed turn, as a ratio to the yardstick's; and many readers at once.

python -m benchmarks.stream [--postgres URL] [--against TREE] [--readers 1000]
"""

import argparse
import asyncio
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.client import Connection, Timing, timed_stream
from benchmarks.comparison import Load, Side, Turn, compare
from benchmarks.readers import measure_readers
from benchmarks.servers import Server, fake_upstream, raise_file_limit, threadkeeper, yardstick

_WORDS = 100
_ONE_BY_ONE = 0.002  # seconds between two deltas
_RUN = {
    "assistant_id": "asst_default",
    "thread": {"messages": [{"role": "user", "content": "hello there"}]},
    "stream": True,
}
_CHAT = {"message": "hello there", "stream": True}


def streamer(server: Server, path: str, body: dict[str, Any], sign: bytes, end: bytes) -> Turn:
    """A client that reads streams to their `end`; every delta contains `sign`."""
    connection = Connection(server.port)

    async def turn() -> Timing:
        timing, answer = await timed_stream(connection, path, body, sign)
        if end not in answer:
            raise RuntimeError(f"A stream was interrupted: {answer[-300:].decode()}")
        return timing

    return turn


def run_streamer(server: Server) -> Turn:
    """A client that creates a thread and streams its run."""
    end = b"event: thread.run.completed"
    return streamer(server, "/api/v1/threads/runs", _RUN, b"event: thread.message.delta", end)


def chat_streamer(server: Server) -> Turn:
    """A client that streams a chat turn on a new thread."""
    return streamer(server, "/api/v1/chat", _CHAT, b"event: delta", b"event: message")


def relay_streamer(server: Server) -> Turn:
    """A client of the yardstick."""
    body = {"message": "hello there"}
    return streamer(server, "/chat/stream", body, b"event: delta", b"event: done")


async def compare_streams(how: str, pause: float, arguments: argparse.Namespace) -> None:
    load = Load(arguments.rounds, arguments.turns, arguments.clients)
    with ExitStack() as stack:
        base_url = stack.enter_context(fake_upstream(words=_WORDS, pause=pause))
        ours = stack.enter_context(threadkeeper(base_url, database_url=arguments.postgres))
        if arguments.against:
            other = stack.enter_context(threadkeeper(base_url, tree=arguments.against))
        else:
            relay = stack.enter_context(yardstick(base_url))
            base = Side(relay, lambda: relay_streamer(relay))
        for what, client in (("a streamed run", run_streamer), ("a streamed chat", chat_streamer)):
            if arguments.against:
                base = Side(other, partial(client, other))
            title = f"{what} of {_WORDS} deltas, {how}"
            await compare(title, Side(ours, partial(client, ours)), base, load, streamed=True)


async def measure(arguments: argparse.Namespace) -> None:
    if arguments.readers:
        raise_file_limit()
        await measure_readers(arguments.readers, _RUN, arguments.postgres)
        return
    await compare_streams("one by one", _ONE_BY_ONE, arguments)
    await compare_streams("in a burst", 0, arguments)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=Load.rounds)
    parser.add_argument("--turns", type=int, default=200, help="turns per round")
    parser.add_argument("--clients", type=int, default=Load.clients)
    parser.add_argument(
        "--readers", type=int, default=0, help="only test this many readers at once"
    )
    parser.add_argument("--postgres", metavar="URL", help="instead of SQLite")
    parser.add_argument(
        "--against", metavar="TREE", type=Path, help="compare to this working tree instead"
    )
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
