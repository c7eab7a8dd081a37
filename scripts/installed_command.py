"""The command `threadkeeper` of the installed package: `python -m app`, from any folder.

The wheel has the server as it is in the repository, in `threadkeeper/server`. Only this command
puts that folder on the path: installed among other packages, one called `app` could replace, or
be replaced by, somebody else's. In the wheel this file is `threadkeeper/__main__.py`.
"""

import runpy
import sys
from pathlib import Path

_SERVER = Path(__file__).parent / "server"


def main() -> None:
    """Run a command, and end the process with its status."""
    # The help shows how the command was called.
    sys.argv[0] = "threadkeeper"
    sys.path.insert(0, str(_SERVER))
    runpy.run_module("app", run_name="__main__")


if __name__ == "__main__":
    main()
