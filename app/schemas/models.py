"""Models on the wire, as clients list them to test a key or to offer a choice."""

from typing import Literal

from app.schemas.common import WireObject


class Model(WireObject):
    """A name that assistants and runs may give as their `model`."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(WireObject):
    """All of them: OpenAI's list of models has no pages."""

    object: Literal["list"] = "list"
    data: list[Model]
