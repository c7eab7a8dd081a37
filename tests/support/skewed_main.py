"""`main.py` on a machine whose clock is TEST_CLOCK_AHEAD seconds ahead of the true time."""

import os
import runpy
import sys
import time
from pathlib import Path

MAIN = Path(__file__).parents[2] / "main.py"


def main() -> None:
    sys.path.insert(0, str(MAIN.parent))
    from app.domain import clock  # noqa: PLC0415 - only now on the path

    ahead = float(os.environ["TEST_CLOCK_AHEAD"])
    clock._wall = lambda: time.time() + ahead
    runpy.run_path(str(MAIN), run_name="__main__")


if __name__ == "__main__":
    main()
