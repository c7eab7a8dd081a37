"""Which processes are alive, told by whether they renew their leases, and not by any clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# A process renews its lease, and looks at the others', three times within the lease's length: one
# that is seen unchanged so often in a row, not counting the first time, was not renewed for it.
LOOKS_IN_A_LEASE = 3


@dataclass(frozen=True)
class LeaseWatch:
    """The leases as this process has seen them: each with how many looks showed it unchanged.

    Looks are counted, not seconds: so neither a clock that is wrong or set, nor a pause of this
    process or of the database, makes others look dead that only had no chance to show themselves.
    """

    seen: Mapping[str, tuple[float, int]] = field(default_factory=dict)

    def look(self, leases: Mapping[str, float]) -> "LeaseWatch":
        """Return what is known after a look that showed these leases, by process."""
        return LeaseWatch({key: (lease, self._looks(key, lease)) for key, lease in leases.items()})

    @property
    def lapsed(self) -> dict[str, float]:
        """The leases that count as lapsed, by process."""
        return {key: lease for key, (lease, looks) in self.seen.items() if looks > LOOKS_IN_A_LEASE}

    def _looks(self, key: str, lease: float) -> int:
        before, looks = self.seen.get(key, (None, 0))
        return looks + 1 if before == lease else 1
