"""How the C library keeps memory that is not used any more."""

import ctypes
import sys

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of glibc's <malloc.h>
_LARGE_BYTES = 1024 * 1024


def return_large_blocks() -> bool:
    """Let large blocks of memory go back to the system as soon as they are free.

    After the first large blocks, glibc would take further ones from its heaps, whose parts can be
    returned only from the end: after some requests with pictures the process would stay at twice
    its size. Returns False if the C library has no such setting.
    """
    if sys.platform != "linux":
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    return set_option is not None and set_option(_MMAP_THRESHOLD, _LARGE_BYTES) == 1
