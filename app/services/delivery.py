"""Delivers the notifications of the outbox: in the background, with retries over three days."""

import asyncio
import json
import logging
import random
import secrets
from dataclasses import dataclass

from app.core.mail import Mailer, MailFailed
from app.core.metrics import NotificationMetrics
from app.core.outbound.addresses import OutboundRefused
from app.core.outbound.client import OutboundClient, OutboundFailed, OutboundRequest
from app.core.periodic import Periodic
from app.core.sealing import Sealer, SealingError
from app.core.webhooks import signed_headers
from app.db import notifications
from app.db.database import Database
from app.db.notification_rows import NotificationTargetRow
from app.db.notifications import Claim
from app.domain.clock import now
from app.engine.hub import wait_for
from app.services.notification_mails import mail_of

logger = logging.getLogger(__name__)

# Seconds until the next attempt after each failed one, as Standard Webhooks recommends: 75 hours in
# all. Each is up to a tenth longer or shorter, so that what failed together isn't retried together.
PAUSES = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
_JITTER = 0.1
# How long after a rotation webhooks are also signed with the previous secret.
PREVIOUS_SECRET_SECONDS = 24 * 3600
# How often (in seconds) to look for what is due, or was left by another process.
_LOOK_EVERY = 2.0
_CLEAN_EVERY = 3600.0
_KEPT_SECONDS = 30 * 86_400
# How many are delivered at a time, each to another target.
_AT_ONCE = 8
_REQUEST_SECONDS = 20.0
# More of an answer isn't read.
_MOST_BYTES = 1024
_GONE = 410


class _Failed(Exception):
    """It was not delivered. `gone`: and never will be."""

    def __init__(self, reason: str, *, gone: bool = False) -> None:
        super().__init__(reason)
        self.gone = gone


@dataclass(frozen=True)
class Senders:
    """What sends webhooks and e-mails, and decrypts the secrets of webhooks."""

    client: OutboundClient
    mailer: Mailer
    sealer: Sealer


class Delivery:
    """Delivers what is due. Several processes may do so at the same time.

    Each notification is claimed with a lease. If a process dies, its leases lapse, and another one
    delivers the notification again, with the same id: at least once.
    """

    def __init__(
        self,
        database: Database,
        senders: Senders,
        metrics: NotificationMetrics,
        *,
        lease_seconds: float,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self._database = database
        self._senders = senders
        self._metrics = metrics
        self._lease_seconds = lease_seconds
        self._pauses = pauses
        self._worker_id = f"delivery_{secrets.token_hex(12)}"
        self._news = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        # What is being delivered, by target: a slow one delays only its own.
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._cleaning = Periodic("ended notifications", self._forget_ended, every=_CLEAN_EVERY)

    @property
    def mailer(self) -> Mailer:
        return self._senders.mailer

    def open(self) -> None:
        self._cleaning.open()
        self._task = asyncio.create_task(self._deliver_on(), name="delivery of notifications")

    def wake(self) -> None:
        """Look for notifications now, because one was written."""
        self._news.set()

    async def close(self) -> None:
        """Stop, and leave what is being delivered to others."""
        self._stopping = True
        self.wake()
        for sending in self._sending.values():
            sending.cancel()
        tasks = [*self._sending.values(), *([self._task] if self._task else [])]
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._cleaning.close()

    async def _deliver_on(self) -> None:
        while not self._stopping:
            # Cleared before the query, so that what is written after it is not missed.
            self._news.clear()
            try:
                begun = await self._begin_next()
            except Exception:
                # The database may be down for a while; the next pass tries again.
                logger.exception("notifications could not be delivered")
                begun = False
            if not begun:
                await wait_for(self._news, _LOOK_EVERY)

    async def _begin_next(self) -> bool:
        """Begin to deliver what is due for longest; return False if nothing is."""
        busy = [*self._sending]
        if len(busy) >= _AT_ONCE or not await self._database.read(notifications.is_waiting, busy):
            return False
        claim = await self._database.transaction(
            notifications.claim, self._worker_id, self._lease_seconds, busy
        )
        if claim is None or self._stopping:
            # A claim that was just made lapses.
            return False
        target_id = claim.target.id
        task = asyncio.create_task(self._deliver(claim), name=f"delivery of {claim.row.id}")
        self._sending[target_id] = task
        task.add_done_callback(lambda task: self._ended(target_id, task))
        return True

    def _ended(self, target_id: str, task: asyncio.Task[None]) -> None:
        del self._sending[target_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            # The database was away: the lease lapses, and it is delivered again.
            logger.error("what became of a notification was not stored", exc_info=error)
        self.wake()

    async def _deliver(self, claim: Claim) -> None:
        try:
            if claim.row.attempts > len(self._pauses) + 1:
                # Earlier attempts ended with their process.
                raise _Failed("the server was stopped during each attempt")
            await self._sent_while_held(claim)
        except _Failed as error:
            await self._failed(claim, error)
        except asyncio.CancelledError:
            await self._database.transaction(notifications.try_again, claim, 0.0, None)
            raise
        except Exception:
            logger.exception("%s could not be delivered", claim.row.id)
            await self._failed(claim, _Failed("the reason is in the server's log"))
        else:
            await self._database.transaction(notifications.end, claim, "delivered", None)
            self._metrics.attempted(claim.target.type, "delivered")

    async def _sent_while_held(self, claim: Claim) -> None:
        """Send it, and renew the lease meanwhile. Raises `_Failed`."""
        keeper = asyncio.create_task(self._keep(claim))
        try:
            await self._send(claim)
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _keep(self, claim: Claim) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            try:
                await self._database.transaction(notifications.renew, claim, self._lease_seconds)
            except Exception:
                logger.exception("the lease of %s could not be renewed", claim.row.id)

    async def _send(self, claim: Claim) -> None:
        if claim.target.type == "email":
            try:
                await self._senders.mailer.send(mail_of(claim.row, claim.target))
            except MailFailed as error:
                raise _Failed(str(error)) from error
            return
        await self._post(claim)

    async def _post(self, claim: Claim) -> None:
        body = json.dumps(claim.row.payload, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            signed_with = await asyncio.to_thread(self._secrets, claim.target)
        except SealingError as error:
            raise _Failed(str(error)) from error
        headers = {
            "Content-Type": "application/json",
            **signed_headers(claim.row.id, now(), body, signed_with),
        }
        request = OutboundRequest(
            "POST", claim.target.address, headers, body, seconds=_REQUEST_SECONDS
        )
        try:
            answer = await self._senders.client.send(request, most_bytes=_MOST_BYTES)
        except (OutboundRefused, OutboundFailed) as error:
            raise _Failed(str(error)) from error
        if not 200 <= answer.status < 300:
            said = f"HTTP {answer.status} {answer.reason}".rstrip()
            raise _Failed(said, gone=answer.status == _GONE)

    def _secrets(self, target: NotificationTargetRow) -> list[str]:
        """Return the secrets to sign with, the newest first. Raises `SealingError`."""
        sealed = [target.secret]
        if (target.rotated_at or 0) > now() - PREVIOUS_SECRET_SECONDS:
            sealed.append(target.previous_secret)
        return [self._senders.sealer.open(target.id, one) for one in sealed if one is not None]

    async def _failed(self, claim: Claim, error: _Failed) -> None:
        row, kind = claim.row, claim.target.type
        if row.attempts > len(self._pauses) or error.gone:
            logger.error(
                "%s (%s) was given up after attempt %d: %s", row.id, kind, row.attempts, error
            )
            await self._database.transaction(
                notifications.end, claim, "failed", str(error), gone=error.gone
            )
            self._metrics.attempted(kind, "given_up")
            return
        pause = self._pauses[row.attempts - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)
        logger.warning(
            "%s (%s) was not delivered in attempt %d: %s", row.id, kind, row.attempts, error
        )
        await self._database.transaction(notifications.try_again, claim, pause, str(error))
        self._metrics.attempted(kind, "failed")

    async def _forget_ended(self) -> None:
        await self._database.transaction(notifications.forget_ended, now() - _KEPT_SECONDS)
