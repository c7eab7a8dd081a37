"""Wire objects for runs."""

from typing import Any, Literal

from pydantic import Field

from app.domain.run_status import RunStatus
from app.schemas.common import (
    MAX_COUNT,
    Instructions,
    Items,
    ListedObject,
    Metadata,
    ReasoningEffort,
    RequestBody,
    Temperature,
    TopP,
    WireObject,
)
from app.schemas.messages import MAX_MESSAGES, IncompleteDetails, MessageCreate
from app.schemas.threads import ThreadCreate
from app.schemas.tools import (
    ResponseFormat,
    Tool,
    ToolChoice,
    ToolResources,
    TruncationStrategy,
)

# Far more than the calls in any model response.
MAX_OUTPUTS = 1000

# What happens to a new run if its thread has an active one: it is refused, waits for the active
# run to end, or replaces it.
BusyPolicy = Literal["reject", "enqueue", "interrupt"]


class RunOverrides(RequestBody):
    """The settings of an assistant that a run may override, and those that only a run has."""

    assistant_id: str
    model: str | None = Field(default=None, min_length=1, max_length=256)
    instructions: Instructions | None = None
    tools: list[Tool] | None = Field(default=None, max_length=128)
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    reasoning_effort: ReasoningEffort | None = None
    max_prompt_tokens: int | None = Field(default=None, ge=256, le=MAX_COUNT)
    max_completion_tokens: int | None = Field(default=None, ge=1, le=MAX_COUNT)
    truncation_strategy: TruncationStrategy | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    stream: bool | None = None


class RunCreate(RunOverrides):
    additional_instructions: Instructions | None = None
    additional_messages: Items[MessageCreate] | None = Field(default=None, max_length=MAX_MESSAGES)
    if_busy: BusyPolicy | None = None


class ThreadRunCreate(RunOverrides):
    thread: ThreadCreate | None = None
    tool_resources: ToolResources | None = None


class ToolOutput(RequestBody):
    tool_call_id: str
    output: str | None = None


class ToolOutputsSubmit(RequestBody):
    tool_outputs: Items[ToolOutput] = Field(max_length=MAX_OUTPUTS)
    stream: bool | None = None


class CachedTokens(WireObject, frozen=True):
    cached_tokens: int = 0


class ReasoningTokens(WireObject, frozen=True):
    reasoning_tokens: int = 0


class Usage(WireObject, frozen=True):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    prompt_token_details: CachedTokens = Field(default_factory=CachedTokens)
    completion_tokens_details: ReasoningTokens = Field(default_factory=ReasoningTokens)

    def __add__(self, other: "Usage") -> "Usage":
        if self is NO_USAGE:
            return other
        cached = self.prompt_token_details.cached_tokens + other.prompt_token_details.cached_tokens
        reasoning = (
            self.completion_tokens_details.reasoning_tokens
            + other.completion_tokens_details.reasoning_tokens
        )
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            total_tokens=self.total_tokens + other.total_tokens,
            prompt_token_details=CachedTokens(cached_tokens=cached),
            completion_tokens_details=ReasoningTokens(reasoning_tokens=reasoning),
        )


# One object for all that have used nothing so far, such as every open stream.
NO_USAGE = Usage()


class LastError(WireObject):
    code: str
    message: str


class FunctionCall(WireObject):
    name: str
    arguments: str


class Approval(WireObject):
    """What a person allows by submitting an output for the call: the server then makes it."""

    action: str
    title: str
    operation: str
    method: str
    host: str
    # Runs that wait since an earlier version have none.
    path: str = ""


class RequiredToolCall(WireObject):
    """`approval` is only there if the server makes the call once a person allows it."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall
    approval: Approval | None = Field(default=None, exclude_if=lambda value: value is None)


class SubmitToolOutputs(WireObject):
    tool_calls: list[RequiredToolCall]


class RequiredAction(WireObject):
    type: Literal["submit_tool_outputs"] = "submit_tool_outputs"
    submit_tool_outputs: SubmitToolOutputs


class Run(ListedObject):
    object: Literal["thread.run"] = "thread.run"
    created_at: int
    assistant_id: str
    thread_id: str
    status: RunStatus
    started_at: int | None = None
    expires_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    completed_at: int | None = None
    required_action: RequiredAction | None = None
    last_error: LastError | None = None
    model: str
    instructions: str | None
    tools: list[dict[str, Any]]
    tool_resources: dict[str, Any]
    metadata: dict[str, str]
    temperature: float | None
    top_p: float | None
    reasoning_effort: str | None
    max_completion_tokens: int | None
    max_prompt_tokens: int | None
    truncation_strategy: dict[str, Any]
    incomplete_details: IncompleteDetails | None = None
    usage: Usage | None = None
    response_format: Any
    tool_choice: Any
    parallel_tool_calls: bool
