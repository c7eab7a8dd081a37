"""Decides which processes are alive: those that renew their leases, whatever their clocks say."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# A process renews its lease, and reads the others', three times within a lease's length. A lease
# that was unchanged in three reads in a row, after the first, was not renewed for its length.
LOOKS_IN_A_LEASE = 3
# The longest that a lease is assumed to last, in seconds: the database's clock may be wrong.
_LONGEST = 60.0

_moment = time.monotonic


class _Seen(NamedTuple):
    """A lease, how many reads showed it unchanged, and when it ends by our own clock."""

    lease: float
    looks: int
    until: float


@dataclass(frozen=True)
class LeaseWatch:
    """The leases as this process has seen them.

    Reads are counted, not seconds alone. So a wrong or changed clock, or a pause of this process
    or of the database, does not make a process look dead that only had no chance to renew. A lease
    also counts as valid for the time that it had left when it was first seen: its process may
    renew it less often than this one reads.
    """

    seen: Mapping[str, _Seen] = field(default_factory=dict)

    def look(self, leases: Mapping[str, tuple[float, float]]) -> "LeaseWatch":
        """Return what is known after a read of these leases, by process, each with its remaining
        seconds."""
        return LeaseWatch({key: self._look(key, *lease) for key, lease in leases.items()})

    @property
    def lapsed(self) -> dict[str, float]:
        """The leases that count as lapsed, by process."""
        moment = _moment()
        return {
            key: seen.lease
            for key, seen in self.seen.items()
            if seen.looks > LOOKS_IN_A_LEASE and moment >= seen.until
        }

    def _look(self, key: str, lease: float, remaining: float) -> _Seen:
        before = self.seen.get(key)
        if before is not None and before.lease == lease:
            return before._replace(looks=before.looks + 1)
        return _Seen(lease, 1, _moment() + min(remaining, _LONGEST))
