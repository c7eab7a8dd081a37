"""How the C library keeps memory that is not used any more."""

import asyncio
import ctypes
import sys
from typing import Any

from app.core.periodic import Periodic

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of glibc's <malloc.h>
_LARGE_BYTES = 1024 * 1024
_RETURN_EVERY = 30.0  # seconds


def return_large_blocks() -> bool:
    """Let large blocks of memory go back to the system as soon as they are free.

    After the first large blocks, glibc would take further ones from its heaps, whose parts can be
    returned only from the end: after some requests with pictures the process would stay at twice
    its size. Returns False if the C library has no such setting.
    """
    if sys.platform != "linux":
        return False
    set_option = _of_library("mallopt")
    return set_option is not None and set_option(_MMAP_THRESHOLD, _LARGE_BYTES) == 1


def return_free_memory() -> bool:
    """Return all free pages to the system, also those between used ones.

    By itself, glibc returns only the end of a heap: one small block that was allocated after
    hundreds of bodies keeps all of their memory. Takes a millisecond, or some tens of milliseconds
    for hundreds of megabytes. Returns False if the C library has no such function.
    """
    if sys.platform != "linux":
        return False
    trim = _of_library("malloc_trim")
    if trim is None:
        return False
    trim(0)
    return True


def regular_return() -> Periodic:
    """Return the background work that keeps a peak from being the size of the process for ever."""

    async def work() -> None:
        await asyncio.to_thread(return_free_memory)

    return Periodic("return of free memory", work, every=_RETURN_EVERY, at_once=False)


def _of_library(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None)
