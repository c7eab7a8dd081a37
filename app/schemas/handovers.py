"""Wire objects for handing a conversation over to a person."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.schemas.common import ListedObject, RequestBody, WireObject

HandoverState = Literal["bot", "waiting", "person"]
MAX_REPLY = 32_000


# Unicode's control characters and line separators.
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_LINE = re.compile(f"[^{_CONTROL}]*")


def _on_one_line(text: str) -> str:
    if not _LINE.fullmatch(text):
        raise PydanticCustomError("control_characters", "")
    return text


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    AfterValidator(_on_one_line),
    Field(json_schema_extra={"pattern": f"^[^{_CONTROL}]*$"}),
]


class HandoverRequest(RequestBody):
    """`contact`: an e-mail address, a phone number, or what else reaches the visitor."""

    contact: Annotated[Line, Field(max_length=320)] | None = None
    note: str | None = Field(default=None, max_length=2000)


_PersonName = Annotated[
    Line,
    Field(
        min_length=1,
        max_length=128,
        json_schema_extra={"pattern": rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$"},
    ),
]


class HandoverTake(RequestBody):
    """`name`: who the visitor sees speaking."""

    name: _PersonName


class HandoverReply(RequestBody):
    """`name`: who replies; if another person has taken the thread by now, nothing is sent."""

    content: Annotated[str, Field(min_length=1, max_length=MAX_REPLY, pattern=r"\S")]
    name: _PersonName | None = None


class Handover(WireObject):
    """Who answers in a thread: the assistant (`bot`, `waiting`) or a person.

    `last_message_id` changes with every message, so that a page need not list them to see whether
    there is a new one.
    """

    object: Literal["thread.handover"] = "thread.handover"
    thread_id: str
    state: HandoverState
    person: str | None
    contact: str | None
    note: str | None
    requested_at: int | None
    taken_at: int | None
    last_message_id: str | None


class Visitor(WireObject):
    """A visitor whom his site vouches for."""

    id: str
    name: str | None
    email: str | None


class ThreadVisitor(ListedObject):
    """Whose thread it is. `id` is the `sub` of his site's tokens; `seen_at`: of the last one."""

    object: Literal["thread.visitor"] = "thread.visitor"
    name: str | None
    email: str | None
    seen_at: int


class ListedHandover(ListedObject):
    """A thread that waits for a person, or that one has taken.

    `preview`: the beginning of its first question, up to 120 characters.
    """

    object: Literal["thread.handover"] = "thread.handover"
    state: HandoverState
    person: str | None
    contact: str | None
    note: str | None
    requested_at: int | None
    taken_at: int | None
    visitor: Visitor | None
    preview: str | None
