"""The command `threadkeeper` of the installed package: `python -m app`, from any folder.

The wheel contains the server in `threadkeeper/server`, laid out as in the repository. Only this
command adds that folder to the path: a top-level package called `app` could conflict with another
package of that name. In the wheel this file is `threadkeeper/__main__.py`.
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
