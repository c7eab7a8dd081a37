"""The cost of a turn by Chat Completions, as a ratio to the same turn by the Responses API.

python -m benchmarks.apis
"""

import argparse
import asyncio
from contextlib import ExitStack

from benchmarks.chat import conversation, one_shot
from benchmarks.comparison import Load, Side, compare
from benchmarks.servers import fake_upstream, threadkeeper
from benchmarks.stream import chat_streamer, run_streamer

_PLAIN_WORDS = 20
_WORDS = 100
_ONE_BY_ONE = 0.002  # seconds between two deltas


async def compare_plain(load: Load) -> None:
    with ExitStack() as stack:
        base_url = stack.enter_context(fake_upstream(words=_PLAIN_WORDS, pause=0))
        chat = stack.enter_context(threadkeeper(base_url, api="chat_completions"))
        base = stack.enter_context(threadkeeper(base_url, api="responses"))
        for title, client in (
            ("a new thread each turn", one_shot),
            ("conversations", conversation),
        ):
            sides = [Side(server, lambda to=server, new=client: new(to)) for server in (chat, base)]
            await compare(title, *sides, load)


async def compare_streamed(how: str, pause: float, load: Load) -> None:
    with ExitStack() as stack:
        base_url = stack.enter_context(fake_upstream(words=_WORDS, pause=pause))
        chat = stack.enter_context(threadkeeper(base_url, api="chat_completions"))
        base = stack.enter_context(threadkeeper(base_url, api="responses"))
        for what, client in (("a streamed run", run_streamer), ("a streamed chat", chat_streamer)):
            sides = [Side(server, lambda to=server, new=client: new(to)) for server in (chat, base)]
            title = f"{what} of {_WORDS} deltas, {how}"
            await compare(title, *sides, load, streamed=True)


async def measure(arguments: argparse.Namespace) -> None:
    await compare_plain(Load(arguments.rounds, arguments.turns, arguments.clients))
    streamed = Load(arguments.rounds, arguments.turns // 4, arguments.clients)
    await compare_streamed("one by one", _ONE_BY_ONE, streamed)
    await compare_streamed("in a burst", 0, streamed)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=Load.rounds)
    parser.add_argument("--turns", type=int, default=Load.turns, help="turns per round, unstreamed")
    parser.add_argument("--clients", type=int, default=Load.clients)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
