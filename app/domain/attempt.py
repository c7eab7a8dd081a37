"""What tells whether a client has sent a request before."""

import time
from dataclasses import dataclass, replace
from hashlib import blake2b

# Seconds. A request that was on its way for longer may arrive after its own repeat: the SDKs wait
# 0.375 seconds at least before they send it again.
_LATE = 0.3


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending of a request that creates something.

    `content` is a digest of what is asked for: the path and the body. `digest` is one of that, the
    caller and the client's program. `number`: how often the client has sent the request before,
    None if it does not say. `key` is its `Idempotency-Key`. `arrived` is a time of the monotonic
    clock.

    `vague`: the body says nothing, so equal requests are most likely different ones. `doubtful`:
    the server may have refused the earlier attempts.
    """

    content: str
    digest: str
    number: int | None
    key: str | None
    arrived: float
    vague: bool = False
    doubtful: bool = False

    @property
    def mark(self) -> str | None:
        """What the row that this attempt creates is marked with."""
        return None if self.number is None else mark_of(self.digest, self.number)

    def of(self, content: str) -> "Attempt":
        """Return the attempt with `content` as a part of what is asked for."""
        return replace(
            self,
            content=digest_of(self.content, content),
            digest=digest_of(self.digest, content),
        )

    @property
    def may_be_known(self) -> bool:
        """Whether another attempt of the same request may have been executed already."""
        if self.number is None:
            return False
        return self.number > 0 or time.monotonic() - self.arrived > _LATE


def digest_of(*parts: str | bytes) -> str:
    """Return a digest of the parts, in 32 characters."""
    encoded = [part if isinstance(part, bytes) else part.encode() for part in parts]
    # The lengths, so that no two lists of parts have the same digest.
    lengths = b"%r" % [*map(len, encoded)]
    return blake2b(b"".join((lengths, *encoded)), digest_size=16).hexdigest()


def mark_of(digest: str, number: int) -> str:
    return f"{digest}:{number}"


def number_in(mark: str) -> int:
    """Return the number of the newest attempt that a mark is of."""
    return int(mark.partition(":")[2])
