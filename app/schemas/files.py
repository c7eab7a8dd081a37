"""Wire objects for files."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.common import ListedObject, WireObject

# The purposes that a client may give; files that the service creates have `assistants_output`.
PURPOSES = ("fine-tune", "assistants", "batch", "user_data", "vision", "evals")


StoredStatus = Literal["uploaded", "processed", "error"]


class FormPart(BaseModel):
    """The fields of a form. They are strings, so numbers are parsed; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class FileExpiry(FormPart):
    anchor: Literal["created_at"]
    # From an hour to 30 days.
    seconds: int = Field(ge=3600, le=2_592_000)


class FileCreate(FormPart):
    """The form's fields besides the file; `purpose` is one of `PURPOSES`."""

    purpose: str
    expires_after: FileExpiry | None = None


class _Tagged(WireObject):
    """A separate base class, since OpenAI sends a file's `object` before its `id`."""

    object: Literal["file"] = "file"


class FileObject(ListedObject, _Tagged):
    purpose: str
    filename: str
    bytes: int
    created_at: int
    expires_at: int | None
    status: StoredStatus = "processed"
    status_details: None = None


class FileDeleted(WireObject):
    object: Literal["file"] = "file"
    deleted: Literal[True] = True
    id: str
