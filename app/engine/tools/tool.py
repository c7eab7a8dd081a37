"""The interface of all tools, whether the server or the client answers their calls.

A `Tool` lives as long as the server. For each run that lists it, `begin` makes a `ToolSession`,
which is opened before the model is asked and closed when this process's work on the run ends. The
model calls functions. The session says which ones it offers, and shows each call as the tool's own
type of call on the wire. To add a tool, write both classes in a file here and add a line to
`app/tools.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.db.rows import RunRow
from app.engine.tools.marks import Marks
from app.storage.file_writer import NewThreadFile


@dataclass(frozen=True)
class Text:
    """Text that the model reads."""

    text: str


@dataclass(frozen=True)
class Image:
    """An image for the model: a file of the run's project, by its id."""

    file_id: str


@dataclass(frozen=True)
class File:
    """A document that the model gets as a whole: a file of the run's project, by its id."""

    file_id: str


Part = Text | Image | File


@dataclass(frozen=True)
class Call:
    """A complete call by the model. `number` counts the run's calls of this name from 0.

    `allowed`: the fingerprint of what a person has allowed.
    """

    id: str
    name: str
    arguments: str
    number: int
    allowed: str | None = None


@dataclass(frozen=True)
class Answer:
    """The answer to a call: `parts` for the model, and what `detail` adds to the call in its step.

    `detail` is merged one level deep, so `{"function": {"output": "…"}}` keeps the call's name.
    `files` get their rows in the transaction that stores the answer.
    """

    parts: Sequence[Part]
    detail: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[NewThreadFile] = ()


# Sends a delta of the call that is being answered, such as `{"my_tool": {"outputs": […]}}`. SDKs
# append its strings to those of earlier deltas, so a delta must not repeat the final detail. If the
# run ends early, the call's step has what was sent. Nothing is sent if another execution may have
# answered the call before: its readers would see it twice.
Emit = Callable[[dict[str, Any]], Awaitable[None]]


class Draft(Protocol):
    """A call whose arguments are still arriving.

    `detail` is the call as its step shows it: its `type` and the object under that name, without
    an id. The step shares the nested objects, so it stores what `add` changes in them.
    """

    detail: dict[str, Any]

    def add(self, piece: str) -> dict[str, Any] | None:
        """Take a piece of the arguments (JSON text); return the delta to send, if any."""


@dataclass
class Unstreamed:
    """A draft whose arguments are not shown while they arrive."""

    detail: dict[str, Any]

    def add(self, _: str) -> None:
        return None


class ToolSession(ABC):
    """A tool in one run.

    Its state may be lost at any time. What must survive is in the run's steps, from which
    `Tool.begin` makes the next session.
    """

    @abstractmethod
    def offers(self) -> list[dict[str, Any]]:
        """Return the functions that the model is offered, as Responses tools."""

    def answers(self, name: str) -> bool:
        """Return whether the server answers calls of the function; otherwise the client must."""
        return True

    def approval(self, name: str) -> dict[str, str] | None:
        """Return what a person must allow before the server answers a call; None if nothing."""
        return None

    @abstractmethod
    def draft(self, name: str) -> Draft:
        """Begin a call of one of the offered functions."""

    async def open(self) -> None:
        """Prepare the session, before the model is asked for the first time."""
        return

    @abstractmethod
    async def answer(self, call: Call, emit: Emit) -> Answer:
        """Answer a call that the server answers.

        Mistakes of the model don't raise: the answer explains them to the model. After a crash
        the same call may be answered again if its answer was not committed.
        """

    def marks(self) -> Marks | None:
        """Return the finder of annotations in the text that the model writes from now on."""
        return None

    def message_parts(self, detail: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the parts that an answered call adds to the assistant's next message."""
        return []

    async def close(self) -> None:
        """Release the session's resources. Called once, even if `open` failed."""
        return


class Tool(Protocol):
    """A kind of tool that an assistant may list."""

    type: str

    def begin(
        self, run: RunRow, listed: Sequence[dict[str, Any]], calls: Sequence[dict[str, Any]]
    ) -> ToolSession:
        """Return a session for a run.

        `listed` are the run's tools of this type. `calls` are the run's earlier calls of this type
        as their steps show them, in order.
        """
