"""Memory that large requests took goes back to the system."""

import subprocess
import sys

import pytest

from app.core.memory import return_free_memory, return_large_blocks

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


# Bodies of requests, and one small block after each of them that stays.
AFTER_BODIES = """
import os
from app.core.memory import return_free_memory, return_large_blocks

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

return_large_blocks()
before = resident()
bodies = []
small = []
for _ in range(500):
    bodies.append(b"x" * 300_000)
    small.append(bytearray(1_000))
bodies.clear()
if {called}:
    assert return_free_memory()
print((resident() - before) >> 20)
"""


def mebibytes_kept(program: str, *, called: bool) -> int:
    program = program.format(called=called)
    return int(subprocess.check_output([sys.executable, "-c", program]))


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator is Linux's")
def test_large_blocks_go_back_to_the_system() -> None:
    if not return_large_blocks():
        pytest.skip("this C library has no mallopt")
    assert mebibytes_kept(PROGRAM, called=False) > 40, "nothing has to be done any more"
    assert mebibytes_kept(PROGRAM, called=True) < 10


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator is Linux's")
def test_free_memory_between_used_blocks_goes_back_to_the_system() -> None:
    if not return_free_memory():
        pytest.skip("this C library has no malloc_trim")
    assert mebibytes_kept(AFTER_BODIES, called=False) > 100, "nothing has to be done any more"
    assert mebibytes_kept(AFTER_BODIES, called=True) < 20
