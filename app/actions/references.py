"""Follows `$ref` inside a document."""

from functools import cached_property
from typing import Any

from app.actions.document import BadDocument

# How many references may lead to one another.
_LONGEST_CHAIN = 20


class References:
    """The references of one document. Those to other documents are refused: nothing is fetched."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    @cached_property
    def _resolver(self) -> Any:
        # Imported late: most servers have no actions, and it takes 60 ms.
        from referencing import Registry, Resource  # noqa: PLC0415

        registry: Any = Registry().with_resource("", Resource.opaque(self._document))
        return registry.resolver()

    def follow(self, value: Any) -> dict[str, Any]:
        """Return the object that is meant, through all references. Raises `BadDocument`."""
        for _ in range(_LONGEST_CHAIN):
            if not isinstance(value, dict):
                raise BadDocument(f"Expected an object in the document, got {value!r:.60}.")
            reference = value.get("$ref")
            if not isinstance(reference, str):
                return value
            value = self._at(reference)
        raise BadDocument("A $ref of the document leads back to itself.")

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#"):
            raise BadDocument(
                f"The $ref {reference!r:.100} leads to another document. Bundle everything into "
                "one document first."
            )
        from referencing.exceptions import Unresolvable  # noqa: PLC0415

        try:
            return self._resolver.lookup(reference).contents
        # The library raises the others for a step into a list or a value that has no such step.
        except (Unresolvable, ValueError, TypeError) as error:
            raise BadDocument(f"The $ref {reference!r:.100} leads nowhere.") from error
