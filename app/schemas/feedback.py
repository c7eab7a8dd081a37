"""Wire objects for what people say about answers."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.schemas.common import ListedObject, RequestBody

MAX_COMMENT = 1000

Rating = Literal["up", "down"]
Comment = Annotated[str, StringConstraints(max_length=MAX_COMMENT, strip_whitespace=True)]


class FeedbackUpdate(RequestBody):
    """A rating replaces the one before, with its comment; null removes both."""

    rating: Rating | None
    comment: Comment | None = Field(default=None, description="Up to 1,000 characters.")


class Feedback(ListedObject):
    """What somebody says about an answer; `id` is the message's.

    `rating` is null if there is none. `by_visitor`: a browser's session gave it, not a key.
    """

    object: Literal["thread.message.feedback"] = "thread.message.feedback"
    created_at: int | None
    thread_id: str
    rating: Rating | None
    comment: str | None
    by_visitor: bool
