"""`main.py` as the process that inherits orphans, as the first one of a container does.

ORPHAN names a FIFO: an orphan reads it to its end.
"""

import ctypes
import runpy
import subprocess
import sys
from pathlib import Path

_SET_CHILD_SUBREAPER = 36

if ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
    raise OSError(ctypes.get_errno(), "prctl")
subprocess.run(["sh", "-c", 'cat "$ORPHAN" &'], check=True)

MAIN = Path(__file__).parents[3] / "main.py"
sys.path.insert(0, str(MAIN.parent))
runpy.run_path(str(MAIN), run_name="__main__")
