"""A message while the model writes it: its parts and their annotations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.db.rows import MessageRow
from app.domain.text import append
from app.engine.changes import Changes
from app.engine.tools.marks import AnnotationReader
from app.schemas.messages import text_part


@dataclass
class _Part:
    """`received` is all text so far, including what is held back as a possible annotation."""

    place: int
    kind: str
    reader: AnnotationReader
    received: str = ""
    sent: bool = False


class StreamedMessage:
    """Collects the model's text in `message`, and its deltas in `changes`."""

    def __init__(
        self, message: MessageRow, annotations: Callable[[], AnnotationReader], changes: Changes
    ) -> None:
        """`annotations` makes a reader for each text part."""
        self.message = message
        self._annotations = annotations
        self._changes = changes
        self._parts: dict[int, _Part] = {}

    def begin_with(self, parts: Sequence[dict[str, Any]]) -> None:
        """Add parts that tools created, such as images; they come before the model's text."""
        for part in parts:
            self._send_part({"index": len(self.message.content), **part})
            self.message.content.append(part)

    def add(self, content_index: int, kind: str, piece: str) -> None:
        """Add a piece of a part; `kind` is `text` or `refusal`."""
        part = self._parts.get(content_index)
        if part is None:
            part = self._parts[content_index] = self._open(kind)
        append(vars(part), "received", piece)
        if part.kind == "text":
            self._add_text(part, *part.reader.feed(piece))
        else:
            self._add_refusal(part, piece)

    def settle(self, item: dict[str, Any]) -> None:
        """Add the parts of the finished item that no delta contained."""
        for index, content in enumerate(item.get("content") or []):
            kind = "refusal" if content["type"] == "refusal" else "text"
            self.add_rest(index, kind, content.get(kind) or "")

    def add_rest(self, content_index: int, kind: str, whole: str) -> None:
        """Add the rest of a whole part that no delta contained."""
        part = self._parts.get(content_index)
        so_far = part.received if part else ""
        if part is None or (len(whole) > len(so_far) and whole.startswith(so_far)):
            self.add(content_index, kind, whole[len(so_far) :])

    @property
    def received(self) -> list[dict[str, Any]]:
        """The text so far, as an output item's content."""
        types = {"text": "output_text", "refusal": "refusal"}
        return [
            {"type": types[part.kind], part.kind: part.received} for part in self._parts.values()
        ]

    @property
    def has_text(self) -> bool:
        return any(part.received for part in self._parts.values())

    def finish(self) -> None:
        """Send what was held back, and every part that has not been sent at all."""
        for part in self._parts.values():
            if part.kind == "text":
                rest, annotations = part.reader.finish()
                if rest or not part.sent:
                    self._add_text(part, rest, annotations)

    def _open(self, kind: str) -> _Part:
        content = self.message.content
        content.append(text_part("") if kind == "text" else {"type": "refusal", "refusal": ""})
        return _Part(len(content) - 1, kind, self._annotations())

    def _add_text(self, part: _Part, text: str, annotations: list[dict[str, Any]]) -> None:
        if not text and (part.sent or part.received):
            return
        stored = self.message.content[part.place]["text"]
        append(stored, "value", text)
        if part.sent and not annotations:
            self._changes.emit_text(self.message.id, part.place, text)
            return
        first = len(stored["annotations"])
        stored["annotations"] += annotations
        numbered = [{"index": first + place, **one} for place, one in enumerate(annotations)]
        part.sent = True
        delta = {"value": text, "annotations": numbered}
        self._send_part({"index": part.place, "type": "text", "text": delta})

    def _add_refusal(self, part: _Part, text: str) -> None:
        append(self.message.content[part.place], "refusal", text)
        part.sent = True
        self._send_part({"index": part.place, "type": "refusal", "refusal": text})

    def _send_part(self, delta: dict[str, Any]) -> None:
        self._changes.emit_delta("thread.message.delta", self.message.id, {"content": [delta]})
