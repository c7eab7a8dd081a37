"""Wire objects for the functions that the server itself can call."""

from typing import Any, Literal

from app.schemas.common import WireObject


class ServedFunction(WireObject):
    """A function of the functions folder. An assistant uses it if it has a tool of this name."""

    name: str
    object: Literal["function"] = "function"
    description: str
    parameters: dict[str, Any]


class FunctionList(WireObject):
    """All functions, by name: the list has no pages."""

    object: Literal["list"] = "list"
    data: list[ServedFunction]
