"""Who owns which objects."""

from dataclasses import dataclass
from typing import Literal

from app.domain.attempt import Attempt

# What a caller may do in its project: everything, only read, or only chat.
Scope = Literal["all", "read", "chat"]

# Owns the objects created while no keys are set; a key with this name gives access to them later.
DEFAULT_PROJECT = "default"
# Owns what the settings and the assistants file define: every project may read it, none may change
# it. No key's project can have this name.
SHARED = "*"
# Owns the files and vector stores that were deleted along with a thread, until they are removed.
REMOVED = "*removed"


@dataclass(frozen=True)
class Caller:
    """The caller of a request: a project, or a browser's session in it, limited to its own threads.

    `key` identifies the API key for rate limits without revealing it. `request_id` is the id that
    the logs show for the request. `attempt` is set if the request creates something, and its client
    may send it again.
    """

    project: str = DEFAULT_PROJECT
    session: str | None = None
    key: str = ""
    request_id: str | None = None
    attempt: Attempt | None = None

    @property
    def mark(self) -> str | None:
        """What the rows that this request creates are marked with."""
        return None if self.attempt is None else self.attempt.mark
