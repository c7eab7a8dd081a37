"""Every operation of our own document, for what must hold of all of them, new ones included."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from app.application import create_app
from app.core.config import Settings
from tests.support.checked_clients import VERSION
from tests.support.hostile_server import Target


class Operation(NamedTuple):
    """`path` begins behind the version, with its parameters' names in braces."""

    method: str
    path: str
    parameters: tuple[str, ...]
    takes: tuple[str, ...]

    def at(self, target: Target, **instead: str) -> str:
        """Return the path with ids that are there, but for those that are given."""
        unknown = dict.fromkeys(self.parameters, "unknown")
        return self.path.format_map(unknown | target.named(self.parameters) | instead)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _operations() -> Iterator[Operation]:
    document: dict[str, Any] = create_app(Settings(_env_file=None)).openapi()
    for path, methods in document["paths"].items():
        if not path.startswith(VERSION):
            continue
        for method, operation in methods.items():
            parameters = operation.get("parameters", [])
            names = tuple(each["name"] for each in parameters if each["in"] == "path")
            takes = tuple(operation.get("requestBody", {}).get("content", {}))
            yield Operation(method.upper(), path.removeprefix(VERSION), names, takes)


OPERATIONS = [*_operations()]
WITH_JSON = [each for each in OPERATIONS if "application/json" in each.takes]
WITH_IDS = [each for each in OPERATIONS if each.parameters]
