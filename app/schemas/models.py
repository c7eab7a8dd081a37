"""Wire objects for models, which clients list to test a key or to offer a choice."""

from typing import Literal

from app.schemas.common import WireObject


class Model(WireObject):
    """A model that assistants and runs may name.

    `shutdown_date` is the day on which its provider shuts it down, as 2027-01-14; null if unknown.
    """

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    shutdown_date: str | None = None


class ModelList(WireObject):
    """All models: OpenAI's list of models has no pages."""

    object: Literal["list"] = "list"
    data: list[Model]
