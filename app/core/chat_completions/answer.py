"""A chat completion while it arrives, as output items and events of the Responses API."""

from collections.abc import Callable
from typing import Any

from app.core import answer_bounds
from app.core.chat_completions.calls import Calls
from app.core.chat_completions.reasoning import REASONING_FIELDS, Replay, reasoning_item
from app.core.chat_completions.usage import usage_of
from app.core.model import Event
from app.core.wire_api import AnswerFailed, BrokenAnswer

# Why answers end early, in the words of servers, and in those of the Responses API.
_CUT = frozenset({"length", "model_length", "max_tokens", "max_output_tokens"})
_FILTERED = frozenset({"sensitive", "safety", "recitation", "prohibited_content"})
_FAILED = frozenset({"error", "abort", "network_error", "insufficient_system_resource"})


class Answer:
    """Collects one answer; `events` are those since they were last taken."""

    def __init__(self, model: object) -> None:
        """`model`: the name in the request."""
        self.events: list[Event] = []
        self.began = False
        self.reason = ""
        self.usage: dict[str, Any] | None = None
        self._model = model
        self._id = ""
        self._messages: list[_Message] = []
        self._open: _Message | None = None
        self._calls = Calls()
        self._reasoning: dict[str, list[str]] = {}
        self._blanks: list[str] = []
        self._unseen = 0

    def take_chunk(self, chunk: dict[str, Any]) -> None:
        """Add a chunk of a stream. Raises `AnswerFailed`, `BrokenAnswer`."""
        choice = self._choice(chunk)
        if choice is not None:
            # Some servers send the whole message at once, as if it was not streamed.
            if delta := choice.get("delta") or choice.get("message"):
                self._take_message(delta, whole=False)
            if reason := choice.get("finish_reason"):
                self._end_with(reason)

    def take_whole(self, completion: dict[str, Any]) -> None:
        """Add a whole completion. Raises as above."""
        choice = self._choice(completion)
        if choice is None:
            raise BrokenAnswer
        if message := choice.get("message") or choice.get("delta"):
            self._take_message(message, whole=True)
        self._end_with(choice.get("finish_reason") or "stop")

    def _end_with(self, reason: object) -> None:
        self.reason = _reason(reason)
        if self.reason == "failed":
            raise AnswerFailed({"message": f"The answer ended with the reason {reason}."})

    def _choice(self, chunk: dict[str, Any]) -> dict[str, Any] | None:
        if error := chunk.get("error"):
            raise AnswerFailed(error)
        if chunk.get("object") == "error":
            raise AnswerFailed(chunk)
        if isinstance(usage := chunk.get("usage"), dict):
            self.usage = usage
        choices = chunk.get("choices")
        if not choices:
            # The usage, the results of a filter, or nothing.
            return None
        choice = choices[0] if isinstance(choices, list) else None
        if not isinstance(choice, dict):
            raise BrokenAnswer
        if error := choice.get("error"):
            raise AnswerFailed(error)
        if not self.began:
            self.began = True
            self._id = str(chunk.get("id") or "")
        return choice

    def _take_message(self, message: Any, *, whole: bool) -> None:
        if not isinstance(message, dict):
            raise BrokenAnswer
        for field in REASONING_FIELDS:
            if isinstance(thought := message.get(field), str):
                self._think(field, thought)
        if text := _text_of(message.get("content")):
            self._say_text(text)
        if isinstance(refusal := message.get("refusal"), str) and refusal:
            self._say("refusal", refusal)
        if fragments := message.get("tool_calls"):
            self._end_message()
            self._blanks.clear()
            self.events += self._calls.take(fragments, self._next_place, whole=whole)
            self._check_unseen()

    def _think(self, field: str, thought: str) -> None:
        self._reasoning.setdefault(field, []).append(thought)
        self._unseen += len(thought)
        self._check_unseen()

    def _check_unseen(self) -> None:
        """Bound what no event contains, and nobody else counts therefore."""
        if self._unseen + self._calls.extra_characters > answer_bounds.SAID_CHARACTERS:
            raise answer_bounds.AnswerTooLarge

    def _say_text(self, text: str) -> None:
        # Some models begin with blank lines even if only calls follow: that is no message.
        if self._open is None and text.isspace():
            self._blanks.append(text)
            self._unseen += len(text)
            self._check_unseen()
            return
        if self._blanks:
            text = "".join([*self._blanks, text])
            self._blanks.clear()
        self._say("output_text", text)

    def _say(self, kind: str, text: str) -> None:
        message = self._open
        if message is None:
            message = self._open = _Message(self._next_place)
            self._messages.append(message)
            self.events.append(message.added())
        self.events.append(message.add(kind, text))

    @property
    def _next_place(self) -> int:
        return len(self._messages) + len(self._calls.all)

    def _end_message(self) -> None:
        # Clients expect a message to be complete before calls begin.
        if self._open is not None:
            self.events.append(_done(self._open.place, self._open.item("completed")))
            self._open = None

    def finish(self) -> None:
        """Add the events that end the answer. Raises `BrokenAnswer`."""
        status = "incomplete" if self.reason in _INCOMPLETE else "completed"
        if self._blanks and not self._calls.all:
            self._say("output_text", "".join(self._blanks))
        output = {message.place: message.item("completed") for message in self._messages}
        output |= {call.place: call.item() for call in self._calls.all}
        if self._open is not None:
            output[self._open.place]["status"] = status
        ended = {message.place for message in self._messages if message is not self._open}
        items = [item for _, item in sorted(output.items())]
        self.events += [_done(n, item) for n, item in enumerate(items) if n not in ended]
        if replayed := self._replayed():
            items.insert(0, replayed)
        self.events.append(
            {"type": f"response.{status}", "response": self._response(status, items)}
        )

    def _replayed(self) -> dict[str, Any] | None:
        message = {field: "".join(thoughts) for field, thoughts in self._reasoning.items()}
        return reasoning_item(self._model, Replay(message, self._calls.extras))

    def _response(self, status: str, items: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "response",
            "status": status,
            "error": None,
            "incomplete_details": {"reason": self.reason} if status == "incomplete" else None,
            "output": items,
            "usage": None if self.usage is None else usage_of(self.usage),
        }


class _Message:
    """The text of an answer, and its refusal: a part of the item for each."""

    def __init__(self, place: int) -> None:
        self.place = place
        self._id = f"msg_{place}"
        self._parts: dict[str, list[str]] = {}
        self._indexes: dict[str, int] = {}

    def added(self) -> Event:
        item = {**self._item("in_progress"), "content": []}
        return {"type": "response.output_item.added", "output_index": self.place, "item": item}

    def add(self, kind: str, text: str) -> Event:
        """Add a piece of a part; `kind` is `output_text` or `refusal`. Return its event."""
        pieces = self._parts.get(kind)
        if pieces is None:
            pieces = self._parts[kind] = []
            self._indexes[kind] = len(self._indexes)
        pieces.append(text)
        return {
            "type": _DELTAS[kind],
            "item_id": self._id,
            "output_index": self.place,
            "content_index": self._indexes[kind],
            "delta": text,
        }

    def item(self, status: str) -> dict[str, Any]:
        parts = [_PARTS[kind]("".join(pieces)) for kind, pieces in self._parts.items()]
        return {**self._item(status), "content": parts}

    def _item(self, status: str) -> dict[str, Any]:
        return {"type": "message", "id": self._id, "role": "assistant", "status": status}


_INCOMPLETE = frozenset({"max_output_tokens", "content_filter"})
_DELTAS = {"output_text": "response.output_text.delta", "refusal": "response.refusal.delta"}
_PARTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "output_text": lambda text: {
        "type": "output_text",
        "text": text,
        "annotations": [],
        "logprobs": [],
    },
    "refusal": lambda text: {"type": "refusal", "refusal": text},
}


def _done(place: int, item: dict[str, Any]) -> Event:
    return {"type": "response.output_item.done", "output_index": place, "item": item}


def _reason(given: object) -> str:
    """Return why an answer has ended: a reason of `incomplete_details`, `failed` or `stop`."""
    reason = str(given).lower()
    if reason in _CUT:
        return "max_output_tokens"
    # Gemini appends its own reason: `content_filter: SAFETY`.
    if reason in _FILTERED or reason.startswith("content_filter"):
        return "content_filter"
    return "failed" if reason in _FAILED else "stop"


def _text_of(content: object) -> str:
    """Return the text of content, which may come in parts; thoughts among them are left out."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise BrokenAnswer
    texts = (part.get("text") for part in content if isinstance(part, dict) and _is_text(part))
    return "".join(text for text in texts if isinstance(text, str))


def _is_text(part: dict[str, Any]) -> bool:
    return part.get("type", "text") in ("text", "output_text")
