"""Memory that large requests took goes back to the system."""

import subprocess
import sys

import pytest

from app.core.memory import return_large_blocks

# Large blocks with small ones between them, as requests leave them.
PROGRAM = """
import os
from app.core.memory import return_large_blocks

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

if {called}:
    assert return_large_blocks()
first = b"x" * (30 << 20)
del first
before = resident()
blocks = []
small = []
for _ in range(20):
    blocks.append(b"x" * (4 << 20))
    small.append(b"x" * 100_000)
blocks.clear()
print((resident() - before) >> 20)
"""


def mebibytes_kept(*, called: bool) -> int:
    program = PROGRAM.format(called=called)
    return int(subprocess.check_output([sys.executable, "-c", program]))


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator is Linux's")
def test_large_blocks_go_back_to_the_system() -> None:
    if not return_large_blocks():
        pytest.skip("this C library has no mallopt")
    assert mebibytes_kept(called=False) > 40, "nothing has to be done any more"
    assert mebibytes_kept(called=True) < 10
