"""The actions of the assistants file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from app.core.env_file import environment_value
from app.core.yaml_faults import SECRET
from app.schemas.actions import (
    MAX_DOCUMENT,
    MAX_OPERATIONS,
    ActionFields,
    ActionName,
    ApiKeyAuth,
    Ask,
    NoAuth,
    OAuthAuth,
    OperationName,
    Url,
)
from app.schemas.common import Metadata, RequestBody

_VARIABLE = Annotated[str, StringConstraints(pattern=r"^[A-Z_][A-Z0-9_]{0,63}$")]


@dataclass(frozen=True)
class WrittenAction:
    """An action of the file; `place` is its position there, for later errors about it."""

    name: str
    body: ActionFields
    place: str


def _secret_of(name: str) -> str:
    """Return the value of a variable. The value is never shown."""
    value = environment_value(name).strip()
    if not value:
        raise PydanticCustomError(
            SECRET, "the variable {name} is not set, in the environment or in .env", {"name": name}
        )
    if not (value.isascii() and value.isprintable()):
        raise PydanticCustomError(
            SECRET, "the variable {name} must be printable ASCII", {"name": name}
        )
    return name


def _not_in_the_file(_: object) -> None:
    raise PydanticCustomError(
        SECRET, "must not be in the file; name an environment variable in secret_env"
    )


_SecretEnv = Annotated[_VARIABLE, AfterValidator(_secret_of)]


class _ApiKey(ApiKeyAuth):
    secret: Annotated[str | None, AfterValidator(_not_in_the_file)] = None
    secret_env: _SecretEnv


class _OAuth(OAuthAuth):
    secret: Annotated[str | None, AfterValidator(_not_in_the_file)] = None
    secret_env: _SecretEnv


class ActionEntry(RequestBody):
    """An action of an assistant. `document`: a path next to the file, or an https:// URL."""

    name: ActionName
    document: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    server: Url | None = None
    operations: list[OperationName] | None = Field(default=None, max_length=MAX_OPERATIONS)
    ask: Ask | None = None
    auth: Annotated[NoAuth | _ApiKey | _OAuth, Field(discriminator="type")] | None = None
    metadata: Metadata | None = None


def check_document(entry: ActionEntry, folder: Path) -> str | None:
    """Return the text of a document that is a file; None if it is a URL.

    Raises `PydanticCustomError`.
    """
    if "://" in entry.document:
        return None
    try:
        text = (folder / entry.document).read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise PydanticCustomError(
            "no_file", "there is no such file next to the assistants file"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise PydanticCustomError("unreadable", "the file can't be read as UTF-8 text") from error
    if len(text) > MAX_DOCUMENT:
        raise PydanticCustomError("too_large", "the document is too long")
    return text


def written_action(entry: ActionEntry, folder: Path, place: str) -> WrittenAction:
    text = check_document(entry, folder)
    fields: dict[str, Any] = {
        name: value
        for name in ("server", "operations", "ask", "metadata")
        if (value := getattr(entry, name)) is not None
    }
    fields["document" if text is not None else "document_url"] = text or entry.document
    if entry.auth is not None:
        auth = entry.auth.given()
        if variable := auth.pop("secret_env", None):
            auth["secret"] = environment_value(variable).strip()
        fields["auth"] = auth
    return WrittenAction(entry.name, ActionFields.model_validate(fields), place)


def existing_document(entry: ActionEntry, info: ValidationInfo) -> ActionEntry:
    """Check that the document of an entry can be read; its content is checked later."""
    assert info.context is not None
    check_document(entry, info.context.folder)
    return entry
