"""Objects as an import reads them: those of the API, with what only their ids can say.

Fields that the import does not keep are ignored, such as counts that are derived from other
objects. Values are checked like those of requests, except that texts and lists of earlier answers
may be longer: each line's length is limited as a whole.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from app.domain.run_status import RunStatus
from app.schemas.common import (
    MAX_COUNT,
    Items,
    Metadata,
    ReasoningEffort,
    Temperature,
    TopP,
    WireObject,
)
from app.schemas.feedback import Comment, Rating
from app.schemas.imported_parts import (
    MAX_PARTS,
    Id,
    Part,
    StepDetails,
    StoredAttachment,
    StoredPart,
)
from app.schemas.messages import MAX_ATTACHMENTS, IncompleteDetails, MessageRole, MessageStatus
from app.schemas.runs import LastError, RequiredAction, Usage
from app.schemas.steps import StepStatus
from app.schemas.tools import ResponseFormat, Tool, ToolChoice, ToolResources
from app.schemas.vector_stores import Attributes, ExpiresAfter, FileError, FileStatus

# The last second of the year 9999. Larger numbers are usually milliseconds.
_LAST_TIME = 253_402_300_799

# Also the name of the file's bytes in the store.
FileId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
Time = Annotated[int, Field(ge=0, le=_LAST_TIME)]
Milliseconds = Annotated[int, Field(ge=0, le=_LAST_TIME * 1000)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class Additions(Part):
    """What an export adds to an object, under `threadkeeper`."""

    # The browser session that a thread or file belongs to.
    session_id: Annotated[str, StringConstraints(pattern=r"^session_[A-Za-z0-9]{1,64}$")] | None = (
        None
    )
    # A vector store, or a file in it, that is deleted with its thread.
    of_thread: bool = False
    # When a run began, when the first text of its answer came, and when it ended: Unix times in
    # milliseconds.
    began_ms: Milliseconds | None = None
    first_text_ms: Milliseconds | None = None
    ended_ms: Milliseconds | None = None
    # A run whose searches found no passage.
    found_nothing: bool = False


class Imported(Part):
    id: Id
    created_at: Time
    metadata: Metadata | None = None
    threadkeeper: Additions = Additions()


class ImportedAssistant(Imported):
    object: Literal["assistant"]
    name: str | None = Field(default=None, max_length=256)
    description: str | None = Field(default=None, max_length=512)
    model: str = Field(min_length=1, max_length=256)
    instructions: str | None = None
    tools: list[Tool] | None = Field(default=None, max_length=128)
    top_p: TopP | None = None
    temperature: Temperature | None = None
    reasoning_effort: ReasoningEffort | None = None
    tool_resources: ToolResources | None = None
    response_format: ResponseFormat | None = None


class ImportedThread(Imported):
    object: Literal["thread"]
    tool_resources: ToolResources | None = None


class ImportedMessage(Imported):
    object: Literal["thread.message"]
    thread_id: Id
    assistant_id: Id | None = None
    run_id: Id | None = None
    role: MessageRole
    content: Items[StoredPart] = Field(max_length=MAX_PARTS)
    attachments: Items[StoredAttachment] | None = Field(default=None, max_length=MAX_ATTACHMENTS)
    status: MessageStatus | None = None
    incomplete_details: IncompleteDetails | None = None
    completed_at: Time | None = None
    incomplete_at: Time | None = None


class _Truncation(Part):
    type: Literal["auto", "last_messages"]
    last_messages: int | None = Field(default=None, ge=1, le=MAX_COUNT)


class ImportedRun(Imported):
    object: Literal["thread.run"]
    thread_id: Id
    assistant_id: Id
    status: RunStatus
    started_at: Time | None = None
    expires_at: Time | None = None
    cancelled_at: Time | None = None
    failed_at: Time | None = None
    completed_at: Time | None = None
    required_action: RequiredAction | None = None
    last_error: LastError | None = None
    model: str = Field(max_length=256)
    instructions: str | None = None
    tools: list[Tool] | None = Field(default=None, max_length=128)
    tool_resources: ToolResources | None = None
    temperature: float | None = None
    top_p: float | None = None
    reasoning_effort: ReasoningEffort | None = None
    max_completion_tokens: int | None = Field(default=None, ge=0, le=MAX_COUNT)
    max_prompt_tokens: int | None = Field(default=None, ge=0, le=MAX_COUNT)
    truncation_strategy: _Truncation | None = None
    incomplete_details: IncompleteDetails | None = None
    usage: Usage | None = None
    response_format: ResponseFormat | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None


class ImportedStep(Imported):
    object: Literal["thread.run.step"]
    run_id: Id
    assistant_id: Id
    thread_id: Id
    status: StepStatus
    cancelled_at: Time | None = None
    completed_at: Time | None = None
    expires_at: Time | None = None
    expired_at: Time | None = None
    failed_at: Time | None = None
    last_error: LastError | None = None
    step_details: StepDetails
    usage: Usage | None = None


class ImportedFeedback(Imported):
    """What somebody said about an answer; `id` is the message's."""

    object: Literal["thread.message.feedback"]
    thread_id: Id
    rating: Rating
    comment: Comment | None = None


class ImportedFile(Imported):
    object: Literal["file"]
    id: FileId
    purpose: Name
    filename: str = Field(min_length=1, max_length=1024)
    bytes: int = Field(ge=0, le=2**53)
    expires_at: Time | None = None


class FileContentLine(Part):
    """A piece of a file's bytes. The pieces of a file follow one another without a gap."""

    object: Literal["file.content"]
    file_id: FileId
    # Where the piece begins.
    offset: int = Field(ge=0, le=2**53)
    # Base64.
    data: str


class ImportedVectorStore(Imported):
    object: Literal["vector_store"]
    name: str | None = Field(default=None, max_length=256)
    description: str | None = Field(default=None, max_length=512)
    expires_after: ExpiresAfter | None = None
    expires_at: Time | None = None
    last_active_at: Time | None = None


class ImportedStoreFile(Imported):
    object: Literal["vector_store.file"]
    id: FileId
    vector_store_id: Id
    status: FileStatus | None = None
    last_error: FileError | None = None
    # Checked later: servers also send types that can't be requested.
    chunking_strategy: dict[str, Any] | None = None
    attributes: Attributes | None = None


ImportedLine = Annotated[
    ImportedAssistant
    | ImportedThread
    | ImportedMessage
    | ImportedRun
    | ImportedStep
    | ImportedFeedback
    | ImportedFile
    | FileContentLine
    | ImportedVectorStore
    | ImportedStoreFile,
    Field(discriminator="object"),
]


class ImportProblem(WireObject):
    """A line that was not imported. `field` is null if the line as a whole is at fault."""

    line: int
    object: str | None
    id: str | None
    field: str | None
    reason: str


class ImportReport(WireObject):
    """What became of an import's lines; the counts are by `object`.

    `existing`: objects that were there already and are unchanged. `problems` has the first lines
    that were refused, `refused` the number of all.
    """

    object: Literal["import"] = "import"
    dry_run: bool
    lines: int
    created: dict[str, int]
    updated: dict[str, int]
    existing: dict[str, int]
    refused: int
    problems: list[ImportProblem]
