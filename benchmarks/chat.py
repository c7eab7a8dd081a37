"""The cost of a chat turn, as a ratio to the yardstick's.

python -m benchmarks.chat [--postgres URL] [--against TREE]
"""

import argparse
import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.client import Connection, Timing
from benchmarks.comparison import Load, Side, Turn, compare
from benchmarks.servers import Server, fake_upstream, threadkeeper, yardstick

_CHAT = "/api/v1/chat"
_TURNS_OF_A_CONVERSATION = 10
_MESSAGES_AT_ONCE = 1000
# The header that the SDKs' polling helpers send: the server waits for the run's next state.
_POLL_HELPER = "X-Stainless-Poll-Helper: true\r\n"
# What OpenAI's Python SDK sends with each request, besides what the benchmark's client sends.
SDK_HEADERS = "".join(
    f"{name}: {value}\r\n"
    for name, value in {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": "OpenAI/Python 3.57.0",
        "X-Stainless-Lang": "python",
        "X-Stainless-Package-Version": "3.57.0",
        "X-Stainless-OS": "Linux",
        "X-Stainless-Arch": "x64",
        "X-Stainless-Runtime": "CPython",
        "X-Stainless-Runtime-Version": "3.13.0",
        "X-Stainless-Async": "async:asyncio",
        "X-Stainless-Read-Timeout": "600",
        "X-Stainless-Retry-Count": "0",
    }.items()
)
_LAST_MESSAGES = {"type": "last_messages", "last_messages": 10}


def one_shot(server: Server, path: str = _CHAT, headers: str = "") -> Turn:
    """A client that starts a new thread with every turn."""
    connection = Connection(server.port, headers)

    async def turn() -> Timing:
        started = time.perf_counter()
        await connection.post(path, {"message": "hello there"})
        return _since(started)

    return turn


def conversation(server: Server, headers: str = "") -> Turn:
    """A client that continues a thread, up to a conversation's length."""
    connection = Connection(server.port, headers)
    turns = 0
    thread_id = None

    async def turn() -> Timing:
        nonlocal turns, thread_id
        if turns % _TURNS_OF_A_CONVERSATION == 0:
            thread_id = None
        started = time.perf_counter()
        body = {"message": "hello there", "thread_id": thread_id}
        thread_id = (await connection.post(_CHAT, body))["thread_id"]
        turns += 1
        return _since(started)

    return turn


def run_on(server: Server, thread_id: str) -> Turn:
    """A client that creates one run after another on a thread, and polls each until it ends."""
    connection = Connection(server.port)
    path = f"/api/v1/threads/{thread_id}/runs"
    body = {"assistant_id": "asst_default", "truncation_strategy": _LAST_MESSAGES}

    async def turn() -> Timing:
        started = time.perf_counter()
        run = await connection.post(path, body)
        while run["status"] in ("queued", "in_progress"):
            run = await connection.get(f"{path}/{run['id']}", _POLL_HELPER)
        if run["status"] != "completed":
            raise RuntimeError(f"A run is {run['status']}: {run['last_error']}")
        return _since(started)

    return turn


def _since(started: float) -> Timing:
    total = time.perf_counter() - started
    return Timing(total, total)


async def filled_thread(server: Server, messages: int) -> str:
    """Return the id of a new thread with this many messages."""
    connection = Connection(server.port)
    first = [_message(number) for number in range(min(messages, _MESSAGES_AT_ONCE))]
    thread = await connection.post("/api/v1/threads", {"messages": first})
    for number in range(len(first), messages):
        await connection.post(f"/api/v1/threads/{thread['id']}/messages", _message(number))
    connection.close()
    return str(thread["id"])


def _message(number: int) -> dict[str, Any]:
    return {"role": "assistant" if number % 2 else "user", "content": f"Message {number} of many."}


async def compare_lengths(server: Server, load: Load, long: int, short: int) -> None:
    """Print the cost of a turn on a long thread, as a ratio to a short one's."""
    # A thread executes one run at a time, so every client gets its own thread.
    longs, shorts = [
        iter([await filled_thread(server, messages) for _ in range(load.clients)])
        for messages in (long, short)
    ]
    title = f"a run on a thread of {long:,} messages, to one on a thread of {short}"
    side = Side(server, lambda: run_on(server, next(longs)))
    await compare(title, side, Side(server, lambda: run_on(server, next(shorts))), load)


async def measure(arguments: argparse.Namespace) -> None:
    load = Load(arguments.rounds, arguments.turns, arguments.clients)
    headers = SDK_HEADERS if arguments.sdk else ""
    with ExitStack() as stack:
        base_url = stack.enter_context(fake_upstream(words=20, pause=0))
        ours = stack.enter_context(threadkeeper(base_url, database_url=arguments.postgres))
        if arguments.against:
            other = stack.enter_context(threadkeeper(base_url, tree=arguments.against))
            base = Side(other, lambda: one_shot(other, headers=headers))
        else:
            least = stack.enter_context(yardstick(base_url))
            base = Side(least, lambda: one_shot(least, "/chat"))
        await compare(
            "a new thread each turn",
            Side(ours, lambda: one_shot(ours, headers=headers)),
            base,
            load,
        )
        title = f"conversations of {_TURNS_OF_A_CONVERSATION} turns"
        if arguments.against:
            base = Side(other, lambda: conversation(other, headers))
        await compare(title, Side(ours, lambda: conversation(ours, headers)), base, load)
        if arguments.messages:
            few = Load(arguments.rounds, arguments.turns // 4, clients=4)
            await compare_lengths(ours, few, arguments.messages, 20)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=Load.rounds)
    parser.add_argument("--turns", type=int, default=Load.turns, help="turns per round")
    parser.add_argument("--clients", type=int, default=Load.clients)
    parser.add_argument(
        "--messages", type=int, default=10_000, help="length of a long thread; 0 to skip it"
    )
    parser.add_argument("--postgres", metavar="URL", help="instead of SQLite")
    parser.add_argument(
        "--against", metavar="TREE", type=Path, help="compare to this working tree instead"
    )
    parser.add_argument(
        "--sdk", action="store_true", help="send the headers of OpenAI's SDK, which counts attempts"
    )
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
