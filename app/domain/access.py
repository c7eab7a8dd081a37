"""Whose objects are whose."""

from dataclasses import dataclass

# What is made where no keys are set, and opened by a key of this name later.
DEFAULT_PROJECT = "default"
# What the settings and the assistants file make: every project may read it, and none change it.
# No key's project can have this name.
SHARED = "*"
# Whose files and vector stores are that went along with a thread, until they are removed: nobody's.
REMOVED = "*removed"


@dataclass(frozen=True)
class Caller:
    """Who calls: a project, and within it a browser's session, which sees its own threads alone.

    `key` names what a request is counted by: the key it came with, in words that don't tell it.
    `request_id` is the request's, as logs name it.
    """

    project: str = DEFAULT_PROJECT
    session: str | None = None
    key: str = ""
    request_id: str | None = None
