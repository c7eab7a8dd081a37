"""Objects that are made when they are first needed, because their libraries take long to import.

The libraries by which upstreams and other servers are called take a third of the server's start,
and a fifth of its memory. A server that calls nobody never loads them.
"""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """One object, and how it is made."""

    def __init__(self, make: Callable[[], T]) -> None:
        """`make` is called once, on a thread: the event loop serves others meanwhile."""
        self._make = make
        self._lock = asyncio.Lock()
        self.made: T | None = None

    async def get(self) -> T:
        """Return the object. If making it fails, the next call tries again."""
        if self.made is None:
            async with self._lock:
                if self.made is None:
                    self.made = await asyncio.to_thread(self._make)
        return self.made
