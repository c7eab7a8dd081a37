"""What a start costs: CPU time and memory until `/health` answers.

python -m benchmarks.start [--rounds 5] [--against TREE] [--upstream URL] [--postgres URL]

`--against` is another working copy, started in turns with this one. The first start, which makes
the tables and compiles the sources, is not counted. CPU time can be compared on a busy machine
too, as the trees are. "at rest": what was used once the server has nothing left to do; with an
upstream, it loads the libraries for it after it listens.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx

from benchmarks.servers import ROOT, Server, threadkeeper

_SECONDS = 120.0
# A server that used no CPU time for so many seconds is at rest.
_QUIET_SECONDS = 1.5
_QUIET_CPU = 0.02


class Start(NamedTuple):
    cpu: float
    wall: float
    mebibytes: float
    cpu_at_rest: float
    mebibytes_at_rest: float


def _start(tree: Path, settings: dict[str, str]) -> Start:
    began = time.monotonic()
    with threadkeeper("", tree=tree, **settings) as server:
        while time.monotonic() < began + _SECONDS:
            try:
                httpx.get(f"http://127.0.0.1:{server.port}/api/v1/health").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.02)
        wall = time.monotonic() - began
        healthy = server.cpu_seconds(), wall, server.resident_kib() / 1024
        _wait_for_rest(server)
        return Start(*healthy, server.cpu_seconds(), server.resident_kib() / 1024)


def _wait_for_rest(server: Server) -> None:
    deadline = time.monotonic() + _SECONDS
    before = -1.0
    while (used := server.cpu_seconds()) - before > _QUIET_CPU and time.monotonic() < deadline:
        before = used
        time.sleep(_QUIET_SECONDS)


@contextmanager
def _database(url: str | None) -> Iterator[str]:
    with TemporaryDirectory() as folder:
        yield url or f"sqlite:///{folder}/threads.db"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", type=Path, metavar="TREE")
    parser.add_argument("--upstream", metavar="URL", help="instead of the demo model")
    parser.add_argument("--postgres", metavar="URL", help="instead of SQLite")
    arguments = parser.parse_args()
    trees = {"here": ROOT} | ({"there": arguments.against} if arguments.against else {})
    starts: dict[str, list[Start]] = {name: [] for name in trees}
    upstream = {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": arguments.upstream or ""}
    more = {**upstream, "ASSISTANTS_FILE": "", "CODE_INTERPRETER": "off"}
    with _database(arguments.postgres) as url:
        for number in range(arguments.rounds + 1):
            for name, tree in trees.items():
                found = _start(tree, {"DATABASE_URL": url, **more})
                if number:
                    starts[name].append(found)
    print("Medians; CPU from lowest to highest.")
    print("until /health:  CPU s  spread            wall s    MiB   at rest:  CPU s    MiB")
    for name, found in starts.items():
        cpu, wall, memory, later, most = map(statistics.median, zip(*found, strict=True))
        spread = f"{min(one.cpu for one in found):.2f}–{max(one.cpu for one in found):.2f}"
        print(
            f"  {name:<12}{cpu:>7.2f}  {spread:<16}{wall:>8.2f}{memory:>7.0f}"
            f"{later:>17.2f}{most:>7.0f}"
        )


if __name__ == "__main__":
    main()
