"""Answers that are cut on their way: what OpenAI's stock SDKs leave behind when they repeat.

python -m benchmarks.cut [--requests 1000] [--postgres URL] [--servers 2] [--node FOLDER]

For each kind of request that creates something: the requests whose answer was cut, the objects that
were created more than once, and the requests that got none.
"""

import argparse
import asyncio
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.servers import ROOT, Server, raise_file_limit, threadkeeper
from tests.support.cut_series import Series, counted_rows, series
from tests.support.cutting_proxy import Cutting, cutting_proxy
from tests.support.fake_upstream import FakeUpstream
from tests.support.node_packages import run_node
from tests.support.repeated_kinds import BEFORE_THE_BODY, KINDS, Kind, answer

_NODE_PROGRAM = ROOT / "tests" / "support" / "node" / "cut.mjs"
# A server that was just started can't be sure of repeats.
_SETTLING = 4.0
_NODE_SECONDS = 900.0
_NODE_LACKS = ("streamed chat", "chat on a thread", "streamed tool outputs")


@dataclass(frozen=True)
class Stage:
    servers: Sequence[Server]
    database_url: str
    requests: int
    at_once: int

    @property
    def direct(self) -> str:
        return f"http://127.0.0.1:{self.servers[0].port}"


async def measure(stage: Stage, kind: Kind, node: Path | None, name: str) -> tuple[Series, Cutting]:
    cutting = Cutting(kind.moments if node is None else BEFORE_THE_BODY)
    targets = [("127.0.0.1", server.port) for server in stage.servers]
    with cutting_proxy(targets, cutting.decide) as proxy:
        if node is not None:
            return await asyncio.to_thread(
                _by_node, stage, kind, node, name, proxy.base_url
            ), cutting
        url, count = stage.database_url, stage.requests
        found = await series(kind, url, stage.direct, proxy.base_url, count, at_once=stage.at_once)
        return found, cutting


def _by_node(stage: Stage, kind: Kind, node: Path, name: str, cut: str) -> Series:
    before = counted_rows(kind, stage.database_url)
    arguments = (stage.direct, cut, name, str(stage.requests), str(stage.at_once))
    ran = run_node(node, _NODE_PROGRAM, node, *arguments, seconds=_NODE_SECONDS)
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    found = json.loads(ran.stdout)
    created = counted_rows(kind, stage.database_url) - before
    return Series(stage.requests, created, len(set(found["ids"])), failures=found["failures"])


def _print(name: str, found: Series, cutting: Cutting) -> None:
    faults = f"   incomplete {found.incomplete}" if found.incomplete else ""
    faults += f"   failures {len(found.failures)}: {found.failures[0]}" if found.failures else ""
    print(
        f"  {name:<24} cut {cutting.cut.total():>5}   doubled {found.doubled:>3}"
        f"   lost {found.lost:>3}{faults}",
        flush=True,
    )


async def run(arguments: argparse.Namespace) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)))
        upstream = stack.enter_context(FakeUpstream.serve())
        upstream.reply_with(answer)
        url = arguments.postgres or f"sqlite:///{folder}/threads.db"
        settings = {"FILES_URL": str(folder / "files")}
        servers = [
            stack.enter_context(
                threadkeeper(upstream.base_url, database_url=url, tree=arguments.tree, **settings)
            )
            for _ in range(arguments.servers)
        ]
        await asyncio.sleep(_SETTLING)
        stage = Stage(servers, url, arguments.requests, arguments.at_once)
        for name in arguments.only or KINDS:
            kind = KINDS[name]
            if arguments.node is None or name not in _NODE_LACKS:
                _print(name, *await measure(stage, kind, arguments.node, name))
                upstream.requests.clear()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=1000, help="of each kind")
    parser.add_argument("--only", nargs="+", choices=KINDS, help="these kinds")
    parser.add_argument("--at-once", type=int, default=100)
    parser.add_argument("--servers", type=int, default=1, help="more than one needs --postgres")
    parser.add_argument("--postgres", metavar="URL", help="instead of SQLite")
    parser.add_argument(
        "--node", metavar="FOLDER", type=Path, help="by the Node SDK, installed in this folder"
    )
    parser.add_argument("--tree", type=Path, default=ROOT, help="measure this working tree")
    raise_file_limit()
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
