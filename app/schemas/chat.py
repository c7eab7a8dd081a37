"""Wire objects for `POST /chat`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.schemas.common import MAX_TEXT, Metadata, RequestBody, WireObject
from app.schemas.messages import IncompleteDetails
from app.schemas.runs import RequiredAction, Usage


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "")
    return text


class ChatRequest(RequestBody):
    message: Annotated[
        str,
        Field(max_length=MAX_TEXT, json_schema_extra={"minLength": 1, "pattern": r"\S"}),
        AfterValidator(_not_blank),
    ]
    thread_id: str | None = None
    assistant_id: str | None = None
    metadata: Metadata | None = None
    stream: bool | None = None


class Delivered(WireObject):
    """Who will answer in the assistant's place.

    `person` is missing only in the answer to a repeated request, if the assistant answers again
    by now.
    """

    state: Literal["person"] = "person"
    person: str | None
    message_id: str


class ChatReply(WireObject):
    """The answer. `required_action` is set if the caller must first run one of its own tools.

    If a person has taken the thread, there is no run: `handover` names the person, `message` says
    that the message was delivered, and the person's answer will be a message of the thread.
    """

    message: str
    thread_id: str
    role: Literal["assistant"] = "assistant"
    created_at: int
    run_id: str | None = None
    usage: Usage | None = None
    required_action: RequiredAction | None = None
    incomplete_details: IncompleteDetails | None = None
    handover: Delivered | None = None
