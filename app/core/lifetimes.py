"""Parts of the server that are opened together and closed together, whatever fails."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Protocol

logger = logging.getLogger(__name__)

Close = Callable[[], Awaitable[None] | None]


class Part(Protocol):
    """What works in the background between its opening and its closing."""

    def open(self) -> None: ...

    def close(self) -> Awaitable[None]: ...


class Lifetimes:
    """The open parts of an application; leaving the block closes them, newest first.

    A part that fails to close does not keep the others from closing. Each failure is logged with
    the part's name. Leaving the block then raises what the block raised; without that, the
    failure of the only part that could not be closed, or an `ExceptionGroup` of several.
    """

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._failures: list[Exception] = []

    def closes(self, name: str, close: Close) -> None:
        """Call `close` when the block ends.

        Register it before the part is opened: an opening that fails halfway is then undone.
        `close` must therefore accept a part that is not open, or only partly open.
        """
        self._stack.push_async_callback(self._close, name, close)

    def opens(self, name: str, part: Part) -> None:
        """Open the part, and close it when the block ends."""
        self.closes(name, part.close)
        part.open()

    async def _close(self, name: str, close: Close) -> None:
        try:
            closing = close()
            if closing is not None:
                await closing
        except Exception as error:
            logger.exception("could not be closed: %s", name)
            self._failures.append(error)

    async def __aenter__(self) -> "Lifetimes":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, traceback)
        if error is not None or not self._failures:
            return
        if len(self._failures) == 1:
            raise self._failures[0]
        raise ExceptionGroup("several parts could not be closed", self._failures)
