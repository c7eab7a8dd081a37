"""Wire objects for conversations, as an owner sees them."""

from typing import Literal

from app.domain.run_status import RunStatus
from app.schemas.common import ListedObject, WireObject
from app.schemas.messages import MessageRole

# What may be the matter with a conversation: a run's searches found no passage, or a run failed,
# expired or was cut off, or its visitor waits for a person.
Flag = Literal["nothing_found", "failed", "needs_person"]


class LastMessage(WireObject):
    """The beginning of a message's text, up to 120 characters; null if it has none."""

    role: MessageRole
    preview: str | None


class RatingCounts(WireObject):
    up: int
    down: int


class Conversation(ListedObject):
    """A thread as an owner sees it; `id` is the thread's.

    `visitor_id` is the browser's session that created it, null if somebody with a key did.
    `last_activity_at` is when the newest message was created. `answers` are completed runs.
    """

    object: Literal["conversation"] = "conversation"
    created_at: int
    last_activity_at: int
    metadata: dict[str, str]
    visitor_id: str | None
    preview: str | None
    last_message: LastMessage | None
    messages: int
    answers: int
    assistant_ids: list[str]
    ratings: RatingCounts
    flags: list[Flag]


class ConversationRun(ListedObject):
    """What a run took and cost; `id` is the run's.

    Times are in seconds from when the run began, null if they are not known; they include waiting
    for a client's outputs. `costs` are by currency, and contain only what has a known price.
    """

    object: Literal["conversation.run"] = "conversation.run"
    created_at: int
    assistant_id: str
    status: RunStatus
    model: str
    answered_by: str | None
    answered_model: str | None
    first_text_seconds: float | None
    seconds: float | None
    prompt_tokens: int
    completion_tokens: int
    costs: dict[str, float]
    found_nothing: bool
