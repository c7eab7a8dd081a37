"""Which processes are alive: those that renew their leases, whatever the machines' clocks say."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# A process renews its lease, and looks at the others', three times within the lease's length: one
# that is seen unchanged so often in a row, not counting the first time, was not renewed for it.
LOOKS_IN_A_LEASE = 3
# Seconds that a lease is believed to last at most: the database's clock may be wrong.
_LONGEST = 60.0

_moment = time.monotonic


class _Seen(NamedTuple):
    """A lease, how many looks showed it unchanged, and until when it lasts by our own clock."""

    lease: float
    looks: int
    until: float


@dataclass(frozen=True)
class LeaseWatch:
    """The leases as this process has seen them.

    Looks are counted: so neither a clock that is wrong or set, nor a pause of this process or of
    the database, makes others look dead that only had no chance to show themselves. And a lease is
    left alone for as long as it lasted when it was first seen: its process may renew it less often
    than this one looks.
    """

    seen: Mapping[str, _Seen] = field(default_factory=dict)

    def look(self, leases: Mapping[str, tuple[float, float]]) -> "LeaseWatch":
        """Return what is known after a look that showed these leases, by process, each with the
        seconds that remain of it."""
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
