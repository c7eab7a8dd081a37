"""The other servers of the same database: what they are sent about runs, and what they send.

    reading   the sender has readers of this run, and wants to know of its changes for a while
    changed   the run's row or its stored events have changed
    cancel    the run's row says `cancelling`
    hello     the sender finds out whether its own notices arrive

Only PostgreSQL passes notices on. They make things faster: without them, rows are polled.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from app.core.periodic import Periodic
from app.db import notices
from app.db.database import Database
from app.db.notices import Notice
from app.domain.errors import DatabaseAway
from app.engine.hub import Hub

logger = logging.getLogger(__name__)

# Seconds until a lost connection is opened again.
_AGAIN_SECONDS = 2.0
# Seconds within which a server's own notice must come back.
_HELLO_SECONDS = 5.0


class Neighbours:
    """Sends notices in the background, and passes on those that arrive."""

    def __init__(self, database: Database, hub: Hub, worker_id: str) -> None:
        self._database = database
        self._hub = hub
        self._worker_id = worker_id
        self._listening = Periodic("notices", self._listen, every=_AGAIN_SECONDS)
        self._outgoing: dict[Notice, None] = {}
        self._sending: asyncio.Task[None] | None = None
        self._hears = asyncio.Event()
        self._closed = False
        # Called with the id of a run that another server has cancelled.
        self.on_cancel: Callable[[str], object] = lambda _: None

    @property
    def hears(self) -> bool:
        """Whether notices arrive."""
        return self._hears.is_set()

    def open(self) -> None:
        if self._database.passes_notices:
            self._hub.forward = self.say_changed
            self._listening.open()

    async def close(self) -> None:
        self._closed = True
        await self._listening.close()
        if self._sending is not None:
            await asyncio.gather(self._sending, return_exceptions=True)

    def say_changed(self, run_id: str) -> None:
        if self._hub.is_read_elsewhere(run_id):
            self._say("changed", run_id)

    def say_reading(self, run_id: str) -> None:
        self._say("reading", run_id)

    def say_cancel(self, run_id: str) -> None:
        self._say("cancel", run_id)

    def _say(self, kind: str, run_id: str) -> None:
        if self._closed or not self._database.passes_notices:
            return
        self._outgoing[Notice(kind, run_id, self._worker_id)] = None
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(), name="sending of notices")

    async def _send(self) -> None:
        while self._outgoing:
            together = [*self._outgoing]
            self._outgoing.clear()
            try:
                await self._database.read(notices.send, together)
            except DatabaseAway:
                # Who would have received them polls.
                logger.warning("%d notices to other servers were not sent", len(together))

    async def _listen(self) -> None:
        try:
            async with self._database.notices() as received:
                self._say("hello", "-")
                check = asyncio.create_task(self._check(), name="check of notices")
                try:
                    async for notice in received:
                        self._take(notice)
                finally:
                    check.cancel()
        except DatabaseAway as error:
            logger.warning("no notices of other servers: %s", type(error.__cause__).__name__)
        finally:
            self._hears.clear()

    async def _check(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_HELLO_SECONDS):
                await self._hears.wait()
        if not self.hears:
            logger.warning(
                "Notices of other servers don't arrive, so they are polled. If DATABASE_URL leads "
                "to a pooler, set DATABASE_LISTEN_URL to the address of PostgreSQL itself."
            )

    def _take(self, notice: Notice) -> None:
        if notice.sender == self._worker_id:
            if not self.hears:
                logger.info("notices between servers arrive")
                self._hears.set()
        elif notice.kind == "reading":
            self._hub.read_elsewhere(notice.run_id)
        elif notice.kind == "changed":
            self._hub.wake(notice.run_id)
        elif notice.kind == "cancel":
            self.on_cancel(notice.run_id)
