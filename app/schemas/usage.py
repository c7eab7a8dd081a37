"""Wire objects for usage."""

from typing import Literal

from app.schemas.common import WireObject


class Spent(WireObject):
    """The number of ended runs, the tokens that they used, and their cost by currency.

    `costs` contains only what was used at a known price.
    """

    runs: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    costs: dict[str, float]


class UsageRow(WireObject):
    """The runs of one assistant and model on one day (UTC, as 2026-01-31), and their tokens.

    `project` is null if the caller's key has no name. `model` is the name in the request;
    `answered_by` is the upstream that answered and `answered_model` its name for the model, null if
    that is not known. `cost` is in `currency`; both are null if the price is unknown. A run that
    several upstreams answered is counted with the last one.
    """

    object: Literal["usage"] = "usage"
    date: str
    project: str | None
    assistant_id: str
    model: str
    answered_by: str | None
    answered_model: str | None
    runs: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost: float | None
    currency: str | None


class UsageList(WireObject):
    """The requested days, newest first, and their total."""

    object: Literal["list"] = "list"
    start_date: str
    end_date: str
    data: list[UsageRow]
    total: Spent
