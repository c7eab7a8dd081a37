"""Wire objects for usage."""

from typing import Literal

from app.schemas.common import WireObject


class Spent(WireObject):
    """The number of ended runs, and the tokens that they used."""

    runs: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class UsageRow(WireObject):
    """The runs of one assistant and model on one day (UTC, as 2026-01-31), and their tokens.

    `project` is null if the caller's key has no name.
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
    """The requested days, newest first, and their total."""

    object: Literal["list"] = "list"
    start_date: str
    end_date: str
    data: list[UsageRow]
    total: Spent
