"""A way to the database that can go silent, as a process: it must delay nothing else.

python -m benchmarks.soak_proxy HOST PORT

Prints its own port. Each line of its standard input is "swallow" or "flow"; it ends with its input.
"""

import subprocess
import sys

from benchmarks.servers import ROOT
from tests.support.tcp_proxy import TcpProxy


class SilentWay:
    """The proxy, seen from the process that has started it."""

    def __init__(self, host: str, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.soak_proxy", host, str(port)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())

    def swallow(self) -> None:
        """Take connections and bytes from now on, and pass none on."""
        self._say("swallow")

    def flow(self) -> None:
        self._say("flow")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")


def main() -> None:
    proxy = TcpProxy((sys.argv[1], int(sys.argv[2])))
    sys.stdout.write(f"{proxy.port}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        {"swallow": proxy.swallow, "flow": proxy.flow}[line.strip()]()


if __name__ == "__main__":
    main()
