"""What imported messages and steps consist of: parts of texts, attachments, calls of tools."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

from app.schemas.common import MAX_COUNT, Items
from app.schemas.messages import Attachment, Detail
from app.schemas.vector_stores import Attributes

MAX_PARTS = 1000
_MAX_CALLS = 1000
_MAX_ANNOTATIONS = 10_000

Id = Annotated[str, StringConstraints(pattern=r"^[^\s/\\?#%\x00-\x1f\x7f]{1,256}$")]


class Part(BaseModel):
    """An object or a part of one: types are not coerced, unknown fields are ignored."""

    model_config = ConfigDict(
        extra="ignore",
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,
    )


class _FileReference(Part):
    file_id: Annotated[str, StringConstraints(max_length=256)]


class _Annotation(Part):
    text: str | None = None
    start_index: int | None = Field(default=None, ge=0, le=MAX_COUNT)
    end_index: int | None = Field(default=None, ge=0, le=MAX_COUNT)


class _FileCitation(_Annotation):
    type: Literal["file_citation"]
    file_citation: _FileReference


class _FilePath(_Annotation):
    type: Literal["file_path"]
    file_path: _FileReference


class _Text(Part):
    value: str
    annotations: Items[Annotated[_FileCitation | _FilePath, Field(discriminator="type")]] | None = (
        Field(default=None, max_length=_MAX_ANNOTATIONS)
    )


class _TextPart(Part):
    type: Literal["text"]
    text: _Text


class _Refusal(Part):
    type: Literal["refusal"]
    refusal: str


class _ImageFile(_FileReference):
    detail: Detail | None = None


class _ImageFilePart(Part):
    type: Literal["image_file"]
    image_file: _ImageFile


class _ImageUrl(Part):
    url: str = Field(min_length=1)
    detail: Detail | None = None


class _ImageUrlPart(Part):
    type: Literal["image_url"]
    image_url: _ImageUrl


StoredPart = Annotated[
    _TextPart | _Refusal | _ImageFilePart | _ImageUrlPart, Field(discriminator="type")
]


class StoredAttachment(Attachment):
    model_config = ConfigDict(extra="ignore")

    # OpenAI's own objects have null here for a file that was deleted since.
    file_id: Annotated[str, StringConstraints(max_length=256)] | None = None  # type: ignore[assignment]


class _MessageId(Part):
    message_id: Id


class _MessageCreation(Part):
    type: Literal["message_creation"]
    message_creation: _MessageId


class _Function(Part):
    name: str
    arguments: str
    output: str | None = None


class _FunctionCall(Part):
    id: str
    type: Literal["function"]
    function: _Function


class _Logs(Part):
    type: Literal["logs"]
    logs: str


class _Image(Part):
    type: Literal["image"]
    image: _FileReference


class _Code(Part):
    input: str
    outputs: Items[Annotated[_Logs | _Image, Field(discriminator="type")]] | None = Field(
        default=None, max_length=MAX_PARTS
    )


class _CodeCall(Part):
    id: str
    type: Literal["code_interpreter"]
    code_interpreter: _Code


class _FoundText(Part):
    type: Literal["text"]
    text: str


class _Found(Part):
    file_id: str
    file_name: str
    score: float
    attributes: Attributes | None = None
    content: Items[_FoundText] | None = Field(default=None, max_length=MAX_PARTS)


class _Search(Part):
    ranking_options: dict[str, Any] | None = None
    results: Items[_Found] | None = Field(default=None, max_length=MAX_PARTS)


class _SearchCall(Part):
    id: str
    type: Literal["file_search"]
    file_search: _Search


class _OtherCall(Part):
    """A call of a tool that only some servers have. It is kept as it is, and never repeated."""

    model_config = ConfigDict(extra="allow")

    id: str
    type: str = Field(min_length=1, max_length=64)


def _kind_of_call(value: Any) -> str:
    # The value is a model when it is written.
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return f"<{kind}>" if kind in ("function", "code_interpreter", "file_search") else "<other>"


_Call = Annotated[
    Annotated[_FunctionCall, Tag("<function>")]
    | Annotated[_CodeCall, Tag("<code_interpreter>")]
    | Annotated[_SearchCall, Tag("<file_search>")]
    | Annotated[_OtherCall, Tag("<other>")],
    Discriminator(_kind_of_call),
]


class _ToolCalls(Part):
    type: Literal["tool_calls"]
    tool_calls: Items[_Call] = Field(max_length=_MAX_CALLS)


StepDetails = Annotated[_MessageCreation | _ToolCalls, Field(discriminator="type")]
