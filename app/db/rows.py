"""The rows of `tables.py`, as dataclasses. The tables explain the columns.

They are not sent to clients: `app/wire.py` turns them into the API's objects.
"""

from dataclasses import dataclass, field
from typing import Any

from app.db import tables
from app.db.draft_tables import assistant_drafts, assistant_versions
from app.db.key_tables import idempotency_keys
from app.db.row_map import RowMap
from app.db.summary_tables import summaries
from app.domain.run_status import RunStatus
from app.schemas.messages import IncompleteDetails, MessageRole, MessageStatus
from app.schemas.runs import LastError, RequiredAction, Usage
from app.schemas.steps import StepStatus, StepType


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantRow:
    id: str
    created_at: int
    project: str
    name: str | None
    description: str | None
    model: str
    instructions: str | None
    tools: list[dict[str, Any]]
    top_p: float | None
    temperature: float | None
    reasoning_effort: str | None
    tool_resources: dict[str, Any]
    metadata: dict[str, str]
    response_format: Any
    imported: str | None = None
    attempt: str | None = None


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of the assistants file, as stored on this server.

    `searched`: it is in the assistant's vector store. Earlier versions stored only such files.
    """

    digest: str
    file_id: str
    searched: bool = True


@dataclass(frozen=True, slots=True)
class WrittenAssistantRow:
    assistant_id: str
    content_hash: str
    # By the file names in the assistants file.
    knowledge: dict[str, KeptFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    id: str
    created_at: int
    metadata: dict[str, str]
    tool_resources: dict[str, Any]
    project: str
    session_id: str | None
    trial: bool = False
    imported: str | None = None
    attempt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    id: str
    thread_id: str
    created_at: int
    assistant_id: str | None = None
    run_id: str | None = None
    role: MessageRole
    content: list[dict[str, Any]]
    attachments: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    status: MessageStatus = "completed"
    incomplete_details: IncompleteDetails | None = None
    completed_at: int | None = None
    incomplete_at: int | None = None
    imported: str | None = None
    attempt: str | None = None


@dataclass(frozen=True, slots=True)
class Horizon:
    """The limit of what a run may read: no newer messages, and nothing of the unread runs."""

    newest_message: int
    unread_runs: list[str]


@dataclass(frozen=True, slots=True)
class Question:
    """A user's message that is not in its thread yet."""

    content: list[dict[str, Any]]
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What the client requested, which never changes; saved in the one column `settings`."""

    instructions: str | None
    tools: list[dict[str, Any]]
    tool_resources: dict[str, Any]
    temperature: float | None
    top_p: float | None
    reasoning_effort: str | None
    max_completion_tokens: int | None
    max_prompt_tokens: int | None
    truncation_strategy: dict[str, Any]
    response_format: Any
    tool_choice: Any
    parallel_tool_calls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow(RunSettings):
    id: str
    thread_id: str
    assistant_id: str
    created_at: int
    status: RunStatus
    model: str
    metadata: dict[str, str]
    started_at: int | None = None
    expires_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    completed_at: int | None = None
    required_action: RequiredAction | None = None
    last_error: LastError | None = None
    incomplete_details: IncompleteDetails | None = None
    usage: Usage | None = None
    answered_by: str | None = None
    answered_model: str | None = None
    streamed: bool
    horizon: Horizon | None = None
    question: Question | None = None
    include: list[str] = field(default_factory=list)
    allowed: list[str] | None = None
    worker_id: str | None
    takeovers: int = 0
    reserved_tokens: int
    by_visitor: bool
    key_id: str | None = None
    project: str
    request_id: str | None
    began_ms: int | None = None
    first_text_ms: int | None = None
    ended_ms: int | None = None
    found_nothing: bool = False
    imported: str | None = None
    attempt: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """Which upstream and model gave an answer, by the name that was sent.

    `cost` is in billionths of `currency`, which is empty if the price is unknown.
    """

    upstream: str
    model: str
    cost: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    id: str
    run_id: str
    thread_id: str
    assistant_id: str
    created_at: int
    type: StepType
    status: StepStatus
    step_details: dict[str, Any]
    usage: Usage | None = None
    answered: Answered | None = None
    last_error: LastError | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    expires_at: int | None = None
    completed_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    expired_at: int | None = None
    imported: str | None = None


@dataclass(frozen=True, slots=True)
class RunItemRow:
    run_id: str
    item: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunEventRow:
    run_id: str
    last_event_id: int
    body: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    thread_id: str
    text: str | None = None
    through: int = 0
    made_at: int | None = None
    run_id: str | None = None
    worker_id: str | None = None
    version: int = 0
    attempts: int = 0
    retry_at: float = 0.0
    reserved_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKeyRow:
    project: str
    session_id: str
    key: str
    content: str
    object_id: str
    created_at: int


@dataclass(frozen=True, slots=True)
class SecretRow:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class AssistantDraftRow:
    assistant_id: str
    revision: int
    base_version: int
    base_digest: str
    updated_at: int
    author: str | None
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AssistantVersionRow:
    id: str
    assistant_id: str
    number: int
    created_at: int
    cause: str
    author: str | None
    content: dict[str, Any]


ASSISTANTS = RowMap(tables.assistants, AssistantRow)
WRITTEN_ASSISTANTS = RowMap(tables.written_assistants, WrittenAssistantRow)
THREADS = RowMap(tables.threads, ThreadRow)
MESSAGES = RowMap(tables.messages, MessageRow)
RUNS = RowMap(tables.runs, RunRow, packed={"settings": RunSettings})
STEPS = RowMap(tables.steps, StepRow)
RUN_ITEMS = RowMap(tables.run_items, RunItemRow)
RUN_EVENTS = RowMap(tables.run_events, RunEventRow)
SUMMARIES = RowMap(summaries, SummaryRow)
IDEMPOTENCY_KEYS = RowMap(idempotency_keys, IdempotencyKeyRow)
SECRETS = RowMap(tables.secrets, SecretRow)
ASSISTANT_DRAFTS = RowMap(assistant_drafts, AssistantDraftRow)
ASSISTANT_VERSIONS = RowMap(assistant_versions, AssistantVersionRow)
