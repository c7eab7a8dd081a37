"""Usage on the wire."""

from typing import Literal

from app.schemas.common import WireObject


class Spent(WireObject):
    """Runs that have ended, and the tokens they have cost."""

    runs: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class UsageRow(WireObject):
    """What the runs of one assistant and model have cost on a day (UTC, as 2026-01-31).

    `project` is null where the caller's key was given no name.
    """

    object: Literal["usage"] = "usage"
    date: str
    project: str | None
    assistant_id: str
    model: str
    runs: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class UsageList(WireObject):
    """The days asked for, the newest first, and their sum."""

    object: Literal["list"] = "list"
    start_date: str
    end_date: str
    data: list[UsageRow]
    total: Spent
