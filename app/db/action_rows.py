"""The rows of `action_tables.py`, as dataclasses."""

from dataclasses import dataclass, field
from typing import Any

from app.db.action_tables import action_documents, actions
from app.db.row_map import RowMap


@dataclass(frozen=True, slots=True)
class Place:
    """Where an argument goes in a request. `where`: path, query, header or cookie.

    `style` and `explode` are OpenAPI's; `as_json`: the value is written as JSON.
    """

    where: str
    name: str
    style: str
    explode: bool
    as_json: bool = False
    keep_reserved: bool = False


@dataclass(frozen=True, slots=True)
class FormField:
    """How a field of a form is written, if not in the usual way."""

    style: str
    explode: bool


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request: the argument that contains it, and its media type."""

    argument: str
    media_type: str
    fields: dict[str, FormField] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation as it is called. `path` follows the action's address.

    `parameters` is the JSON Schema of its arguments, and `places` where each of them goes.
    `consequential`: the document says that it changes something, or leaves that open for a method
    that may.
    """

    name: str
    method: str
    path: str
    description: str
    parameters: dict[str, Any]
    places: dict[str, Place]
    body: Body | None = None
    consequential: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    id: str
    created_at: int
    project: str
    name: str
    title: str
    document_url: str | None
    server: str | None
    address: str
    chosen: list[str] | None
    operations: list[Operation]
    ask: str
    auth: dict[str, str]
    secret: str | None
    metadata: dict[str, str]
    imported: str | None = None


@dataclass(frozen=True, slots=True)
class ActionDocumentRow:
    action_id: str
    document: dict[str, Any]


ACTIONS = RowMap(actions, ActionRow)
ACTION_DOCUMENTS = RowMap(action_documents, ActionDocumentRow)
