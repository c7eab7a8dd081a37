"""Wire objects for actions: functions made from the operations of an OpenAPI document."""

import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.common import JsonObject, ListedObject, Metadata, RequestBody, WireObject

# The operations of a document that an action may offer: what an assistant may list as tools.
MAX_OPERATIONS = 128
# Characters of a document that is sent as text.
MAX_DOCUMENT = 3_000_000
MAX_ARGUMENTS = 100_000

# The first part of the functions' names: two underscores follow it.
ActionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,23}$")]
Url = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=8192)]
Ask = Literal["consequential", "always", "never"]
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_REFUSED_HEADERS = frozenset(
    {
        *("host", "content-length", "content-type", "transfer-encoding", "connection"),
        *("accept-encoding", "cookie", "upgrade", "te", "trailer", "expect"),
    }
)


class NoAuth(RequestBody):
    type: Literal["none"]


class ApiKeyAuth(RequestBody):
    """An API key. `in` basic: the secret is `user:password`."""

    type: Literal["api_key"]
    in_: Literal["bearer", "basic", "header", "query"] = Field(alias="in")
    name: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = Field(
        default=None, description="The header or query parameter; for these two only."
    )
    secret: Secret | None = Field(default=None, description="Never sent back.")

    @model_validator(mode="after")
    def _name_fits(self) -> "ApiKeyAuth":
        if self.in_ in ("header", "query"):
            if self.name is None:
                raise PydanticCustomError("name", "a key in a header or the query needs a name")
            if self.in_ == "header" and (
                not _HEADER.fullmatch(self.name) or self.name.lower() in _REFUSED_HEADERS
            ):
                raise PydanticCustomError("header", "this header can't be set")
        elif self.name is not None:
            raise PydanticCustomError("name", "a name is only for a key in a header or the query")
        return self


class OAuthAuth(RequestBody):
    """OAuth with client credentials. `exchange`: how the token URL gets id and secret."""

    type: Literal["oauth"]
    token_url: Url
    client_id: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    scope: Annotated[str, StringConstraints(max_length=4096)] | None = None
    exchange: Literal["post", "basic"] | None = None
    secret: Secret | None = Field(default=None, description="The client secret. Never sent back.")


Auth = Annotated[NoAuth | ApiKeyAuth | OAuthAuth, Field(discriminator="type")]


def _is_sendable(secret: str | None) -> bool:
    return secret is None or (secret.isascii() and secret.isprintable())


def _word_or_object(value: Any) -> str:
    return "<text>" if isinstance(value, str) else "<object>"


Document = Annotated[
    Annotated[Annotated[str, StringConstraints(max_length=MAX_DOCUMENT)], Tag("<text>")]
    | Annotated[JsonObject, Tag("<object>")],
    Discriminator(_word_or_object),
]
OperationName = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class ActionFields(RequestBody):
    """The fields of an action that a client may set, all optional."""

    document: Document | None = Field(
        default=None, description="An OpenAPI document, 3.0 or 3.1: an object, or JSON or YAML."
    )
    document_url: Url | None = Field(
        default=None, description="Where the document is fetched from, once, instead."
    )
    server: Url | None = Field(default=None, description="Replaces the document's server.")
    operations: list[OperationName] | None = Field(
        default=None, max_length=MAX_OPERATIONS, description="Null: all of the document."
    )
    ask: Ask | None = Field(
        default=None,
        description="Which operations a person must allow each time. `consequential`: those that "
        "the document marks with `x-openai-isConsequential`, or, without a mark, that are no GET.",
    )
    auth: Auth | None = None
    metadata: Metadata | None = None

    @field_validator("auth")
    @classmethod
    def _secret_can_be_sent(cls, auth: Any) -> Any:
        if not _is_sendable(getattr(auth, "secret", None)):
            raise PydanticCustomError("secret", "the secret must be printable ASCII")
        return auth


class ActionCreate(ActionFields):
    """Either `document` or `document_url` is needed."""

    name: ActionName


class ActionUpdate(ActionFields):
    """Omitted fields stay unchanged; null resets a field. A new document replaces the other.

    `auth` without a secret keeps the stored one, if it is sent to the same server as before.
    """

    name: ActionName | None = None


class ShownAuth(WireObject):
    """How an action authenticates. `has_secret`: one is stored, encrypted."""

    type: Literal["none", "api_key", "oauth"]
    in_: str | None = Field(default=None, serialization_alias="in")
    name: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    scope: str | None = None
    exchange: str | None = None
    has_secret: bool


class Action(ListedObject):
    """`server` replaces the document's; `address` is what is called.

    `configured`: it is in the assistants file, and can only be changed there.
    """

    object: Literal["action"] = "action"
    created_at: int
    name: str
    title: str
    document_url: str | None
    server: str | None
    address: str
    operations: list[str] | None
    ask: Ask
    auth: ShownAuth
    metadata: dict[str, str]
    configured: bool


class ActionDeleted(WireObject):
    id: str
    object: Literal["action.deleted"] = "action.deleted"
    deleted: Literal[True] = True


class ActionOperation(WireObject):
    """An operation of an action's document.

    `tool` is the entry for an assistant's `tools`; null if the operation is not offered.
    `function` is what the model reads. `problem`: why the operation can't be called.
    """

    object: Literal["action.operation"] = "action.operation"
    name: str
    method: str
    path: str
    offered: bool
    asks: bool
    tool: dict[str, Any] | None
    function: dict[str, Any] | None
    problem: str | None


class ActionOperations(WireObject):
    object: Literal["list"] = "list"
    data: list[ActionOperation]


class ActionCall(RequestBody):
    """One call of an operation, to try it: nobody is asked first."""

    operation: OperationName
    arguments: JsonObject | None = None


class ActionResult(WireObject):
    """What a call returned. `output` is what the model would read; `status` is HTTP's."""

    object: Literal["action.result"] = "action.result"
    operation: str
    status: int | None
    output: str
