"""`main.py` with the tests' toy in place of the code interpreter: it makes files for visitors."""

import functools
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from app import application  # noqa: PLC0415 - found only now
    from app.tools import TOOLS  # noqa: PLC0415
    from tests.support.toy_tool import Toy  # noqa: PLC0415

    application.create_app = functools.partial(application.create_app, tools=[*TOOLS, Toy])
    runpy.run_path(str(ROOT / "main.py"), run_name="__main__")


if __name__ == "__main__":
    main()
