"""Every operation of our own document, with a valid body; new operations included."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import httpx

from tests.support.api_document import api_document

# A form's body, for the one operation that accepts only forms.
_FORM: dict[str, Any] = {"files": {"file": ("a.txt", b"text")}, "data": {"purpose": "assistants"}}


class Operation(NamedTuple):
    """`parameters` are those of the path, in order; `queries` are those of the query string."""

    name: str
    method: str
    path: str
    parameters: tuple[str, ...]
    queries: tuple[str, ...]
    content: Mapping[str, Any]

    def send(
        self, http: httpx.Client, ids: Mapping[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """Call it, with `ids` by the names of the path's parameters."""
        url = http.base_url.join(self.at(ids or {}))
        return http.request(self.method, url, **{**self.content, **options})

    def at(self, ids: Mapping[str, str]) -> str:
        """Return the path with these ids, as in `send`."""
        return self.path.format_map(dict.fromkeys(self.parameters, "unknown") | dict(ids))

    @property
    def is_administrative(self) -> bool:
        """Whether only the holder of `ADMIN_KEY` may call it."""
        return self.path.startswith("/api/v1/admin/")

    def __str__(self) -> str:
        return self.name


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(_documented())


def _documented() -> Iterator[Operation]:
    for path, methods in api_document()["paths"].items():
        for method, said in methods.items():
            parameters = said.get("parameters", [])
            names = {
                place: tuple(each["name"] for each in parameters if each["in"] == place)
                for place in ("path", "query")
            }
            yield Operation(
                said["operationId"],
                method.upper(),
                path,
                names["path"],
                names["query"],
                _content(said.get("requestBody", {}).get("content", {})),
            )


def _content(content: Mapping[str, Any]) -> dict[str, Any]:
    if "application/json" in content:
        example = next(iter(content["application/json"]["examples"].values()))
        return {"json": example["value"]}
    if "application/x-ndjson" in content:
        return {"content": b'{"object": "thread", "id": "thread_imported", "created_at": 1}\n'}
    return _FORM if content else {}
