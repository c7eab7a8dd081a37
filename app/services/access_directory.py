"""What requests are checked against of the projects, keys and origins that the database has.

All of it is in memory, so that a request costs no database call, and wrong keys neither. Each
process looks once a second whether the tables have changed. A key is only accepted by what was read
at most `FRESH_SECONDS` ago: a revoked key is refused everywhere after that time.
"""

import asyncio
import hmac
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.core.periodic import Periodic
from app.db import access
from app.db.access_rows import KeyRow, ProjectRow
from app.db.database import Database
from app.domain.access import Caller, KeyLimits
from app.domain.clock import now
from app.domain.errors import DatabaseAway

logger = logging.getLogger(__name__)

# How often the tables are read if they have changed, and the age up to which that is believed.
_READ_EVERY = 1.0
FRESH_SECONDS = 2.0
# How often the last use of a key is written.
_NOTE_EVERY = 60


@dataclass(frozen=True)
class Snapshot:
    """The tables at one version. `cors` are the origins whose pages may read answers."""

    version: int = -1
    keys: Mapping[bytes, KeyRow] = field(default_factory=dict)
    budgets_of_keys: Mapping[str, int | None] = field(default_factory=dict)
    projects: Mapping[str, ProjectRow] = field(default_factory=dict)
    origins: frozenset[str] = frozenset()
    cors: frozenset[str] = frozenset()
    any_key: bool = False

    @classmethod
    def of(cls, version: int, added: access.Added) -> "Snapshot":
        origins = frozenset(one.origin for one in added.origins)
        return cls(
            version=version,
            keys={bytes.fromhex(key.digest): key for key in added.keys},
            budgets_of_keys={key.identity: key.token_budget for key in added.keys},
            projects={project.id: project for project in added.projects},
            origins=origins,
            cors=origins.union(*(key.origins for key in added.keys)),
            any_key=added.any_key,
        )


class AccessDirectory:
    """The newest snapshot, and when keys were used."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns seconds."""
        self._database = database
        self._clock = clock
        self.snapshot = Snapshot()
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._away = False
        # By the id of a key: when its use was last written, and the uses that are not yet.
        self._noted: dict[str, int] = {}
        self._to_note: dict[str, int] = {}
        self._reads = Periodic("reading keys", self._look, every=_READ_EVERY, at_once=False)
        self._notes = Periodic("use of keys", self._note, every=_NOTE_EVERY, at_once=False)

    async def open(self) -> None:
        await self.refresh()
        self._reads.open()
        self._notes.open()

    async def close(self) -> None:
        await self._reads.close()
        await self._notes.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def refresh(self) -> None:
        """Read the tables after a change of this process. Raises `DatabaseAway`."""
        if self._reading is not None and not self._reading.done():
            # It may have begun before the change.
            await asyncio.wait([self._reading])
        await self._read()

    async def caller_with(self, digest: bytes) -> Caller | None:
        """Return the caller whose key has this SHA-256, None if there is none.

        Raises `DatabaseAway` if it can't be known whether the key is still valid.
        """
        if not self.snapshot.any_key:
            return None
        await self._refresh_old()
        key = self.snapshot.keys.get(digest)
        if key is None or not hmac.compare_digest(bytes.fromhex(key.digest), digest):
            return None
        self._used(key)
        return _caller(key)

    async def visitor_of(self, site: str) -> Caller | None:
        """Return who a session calls as that was begun with a site's key, by the key's identity.

        None if no such key is valid any more. Raises `DatabaseAway`.
        """
        await self._refresh_old()
        keys = [
            key for key in self.snapshot.keys.values() if key.identity == site and is_of_site(key)
        ]
        if not keys:
            return None
        # While a key is replaced there are two, which may name different pages.
        origins = frozenset(origin for key in keys for origin in key.origins)
        newest = max(keys, key=lambda key: key.created_at)
        return Caller(newest.project, limits=KeyLimits(site, newest.scope, origins, newest.rate))

    async def _refresh_old(self) -> None:
        if self._clock() - self._read_at > FRESH_SECONDS:
            await self._read()

    def budget_of(self, project: str) -> int | None:
        row = self.snapshot.projects.get(project)
        return None if row is None else row.token_budget

    def budget_of_key(self, key_id: str) -> int | None:
        return self.snapshot.budgets_of_keys.get(key_id)

    def max_runs_of(self, project: str) -> int:
        row = self.snapshot.projects.get(project)
        return 0 if row is None else row.max_concurrent_runs or 0

    async def _look(self) -> None:
        try:
            await self._read()
        except DatabaseAway:
            if not self._away:
                logger.warning("keys can't be read: the database does not answer")
            self._away = True
        else:
            self._away = False

    async def _read(self) -> None:
        """Read the tables, or wait for a read in progress. Raises `DatabaseAway`."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_changes(), name="read of keys")
        # Shielded: others wait for it too.
        await asyncio.shield(self._reading)

    async def _read_changes(self) -> None:
        begun = self._clock()
        # Read before the tables: a change in between is noticed the next time.
        version = await self._database.read(access.version)
        if version != self.snapshot.version:
            added = await self._database.read(access.read_all)
            self.snapshot = Snapshot.of(version, added)
            ids = {key.id for key in added.keys}
            self._noted = {key: moment for key, moment in self._noted.items() if key in ids}
        self._read_at = begun

    def _used(self, key: KeyRow) -> None:
        moment = now()
        # Also if the clock was set back.
        if abs(moment - self._noted.get(key.id, 0)) >= _NOTE_EVERY:
            self._noted[key.id] = self._to_note[key.id] = moment
            self._notes.wake()

    async def _note(self) -> None:
        uses, self._to_note = self._to_note, {}
        if uses:
            await self._database.transaction(access.note_uses, [*uses.items()], every=_NOTE_EVERY)


def is_of_site(key: KeyRow) -> bool:
    """Return whether the key may be in a page: it opens nothing but chats, for its own origins."""
    return key.scope == "chat" and bool(key.origins)


def _caller(key: KeyRow) -> Caller:
    return Caller(
        key.project,
        # A key that may only chat sees only its own threads, as a visitor does.
        session=key.identity if key.scope == "chat" else None,
        key=key.identity,
        limits=KeyLimits(key.identity, key.scope, frozenset(key.origins), key.rate),
    )
