"""Files on the wire."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.common import ListedObject, WireObject

# What a client may give; files that the service makes have `assistants_output`.
PURPOSES = ("fine-tune", "assistants", "batch", "user_data", "vision", "evals")


StoredStatus = Literal["uploaded", "processed", "error"]


class FormPart(BaseModel):
    """A form's fields. They are texts, so numbers are read from them; no unknown one passes."""

    model_config = ConfigDict(extra="forbid")


class FileExpiry(FormPart):
    anchor: Literal["created_at"]
    # From an hour to 30 days.
    seconds: int = Field(ge=3600, le=2_592_000)


class FileCreate(FormPart):
    """What comes beside a file's bytes; `purpose` is one of `PURPOSES`."""

    purpose: str
    expires_after: FileExpiry | None = None


class _Tagged(WireObject):
    """A class of its own, since OpenAI tells a file's `object` before its `id`."""

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
