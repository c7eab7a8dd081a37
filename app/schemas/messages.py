"""Wire objects for messages."""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Discriminator, Field, Tag

from app.schemas.common import MAX_TEXT, Items, ListedObject, Metadata, RequestBody, WireObject

# A request is written in one transaction, and other writers wait for it, so its lists are bounded.
MAX_MESSAGES = 1000
MAX_PARTS = 256
MAX_ATTACHMENTS = 500

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
MessageRole = Literal["user", "assistant"]
MessageStatus = Literal["in_progress", "completed", "incomplete"]
Detail = Literal["auto", "low", "high"]


class TextPart(RequestBody):
    type: Literal["text"]
    text: Text


# No maximum: a data URL contains the whole image.
Url = Annotated[str, Field(min_length=1)]


class ImageUrl(RequestBody):
    url: Url
    detail: Detail | None = None


def _url_alone(value: Any) -> Any:
    """Accept a bare URL too: some clients send it."""
    return {"url": value} if isinstance(value, str) else value


class ImageUrlPart(RequestBody):
    type: Literal["image_url"]
    image_url: Annotated[
        ImageUrl, BeforeValidator(_url_alone, json_schema_input_type=ImageUrl | Url)
    ]


class ImageFile(RequestBody):
    file_id: str = Field(min_length=1)
    detail: Detail | None = None


class ImageFilePart(RequestBody):
    type: Literal["image_file"]
    image_file: ImageFile


ContentPart = Annotated[TextPart | ImageUrlPart | ImageFilePart, Field(discriminator="type")]


def _text_or_parts(value: Any) -> str:
    return "<parts>" if isinstance(value, list) else "<text>"


Content = Annotated[
    Annotated[Text, Tag("<text>")]
    | Annotated[Items[ContentPart], Field(min_length=1, max_length=MAX_PARTS), Tag("<parts>")],
    Discriminator(_text_or_parts),
]


class AttachmentTool(RequestBody):
    type: Literal["code_interpreter", "file_search"]


class Attachment(RequestBody):
    file_id: str
    tools: Items[AttachmentTool] | None = Field(default=None, max_length=16)


class MessageCreate(RequestBody):
    role: MessageRole
    content: Content
    attachments: Items[Attachment] | None = Field(default=None, max_length=MAX_ATTACHMENTS)
    metadata: Metadata | None = None


def stored_content(content: str | list[ContentPart]) -> list[dict[str, Any]]:
    """Return a new message's content as it is stored and sent: always a list of parts."""
    if isinstance(content, str):
        return [text_part(content)]
    return [_stored_part(part) for part in content]


def _stored_part(part: ContentPart) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return text_part(part.text)
    answer = part.given()
    answer[part.type].setdefault("detail", "auto")
    return answer


def text_part(value: str, annotations: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"type": "text", "text": {"value": value, "annotations": annotations or []}}


class IncompleteDetails(WireObject):
    reason: str


class Message(ListedObject):
    object: Literal["thread.message"] = "thread.message"
    created_at: int
    assistant_id: str | None = None
    thread_id: str
    run_id: str | None = None
    role: MessageRole
    content: list[dict[str, Any]]
    attachments: list[dict[str, Any]] = Field(default_factory=list)
    metadata: dict[str, str] = Field(default_factory=dict)
    status: MessageStatus = "completed"
    incomplete_details: IncompleteDetails | None = None
    completed_at: int | None = None
    incomplete_at: int | None = None

    @property
    def characters(self) -> int:
        """How long its texts are."""
        return sum(len(part["text"]["value"]) for part in self.content if part["type"] == "text")


class Said(NamedTuple):
    """The parts of a message that a model reads, and no more, since a thread may have many."""

    role: str
    content: list[dict[str, Any]]
    run_id: str | None = None
    # Its place in the database; 0: it is the only one.
    sequence: int = 0


class MessageDeleted(WireObject):
    id: str
    object: Literal["thread.message.deleted"] = "thread.message.deleted"
    deleted: Literal[True] = True
