"""A server's clock that the soak may set, forward and back, while the server runs.

python -m benchmarks.soak_clock FILE: `main.py`, as far ahead of the true time as FILE says.
"""

import mmap
import runpy
import struct
import sys
import time
from pathlib import Path

from app.domain import clock
from benchmarks.servers import ROOT

_SECONDS = struct.Struct("d")


class SetClock:
    """How many seconds a clock is ahead of the true time, in a file that two processes share."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_SECONDS.pack(0.0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _SECONDS.size)

    def set(self, seconds: float) -> None:
        _SECONDS.pack_into(self._shared, 0, seconds)

    def wall(self) -> float:
        seconds: float = _SECONDS.unpack_from(self._shared)[0]
        return time.time() + seconds


def main() -> None:
    clock._wall = SetClock(Path(sys.argv.pop(1))).wall
    runpy.run_path(str(ROOT / "main.py"), run_name="__main__")


if __name__ == "__main__":
    main()
