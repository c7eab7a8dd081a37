"""A message while the model writes it: its parts, and the annotations in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.db.rows import MessageRow
from app.engine.tools.marks import AnnotationReader
from app.schemas.messages import text_part

Tell = Callable[[str, dict[str, Any]], None]


@dataclass
class _Part:
    """`received` is all that came of it; what may still become an annotation is not sent yet."""

    place: int
    kind: str
    reader: AnnotationReader
    received: str = ""
    told: bool = False


class SpokenMessage:
    """Collects what is said into `message` and tells it, part by part, as deltas."""

    def __init__(
        self, message: MessageRow, annotations: Callable[[], AnnotationReader], tell: Tell
    ) -> None:
        """`annotations` makes a reader for each text part; `tell(id, delta)` sends a delta."""
        self.message = message
        self._annotations = annotations
        self._tell = tell
        self._parts: dict[int, _Part] = {}

    def begin_with(self, parts: Sequence[dict[str, Any]]) -> None:
        """Add parts that tools made, such as pictures: they come before the model's words."""
        for part in parts:
            self._tell_part({"index": len(self.message.content), **part})
            self.message.content.append(part)

    def add(self, content_index: int, kind: str, piece: str) -> None:
        """Take a piece of a part; `kind` is `text` or `refusal`."""
        part = self._parts.get(content_index)
        if part is None:
            part = self._parts[content_index] = self._open(kind)
        part.received += piece
        if part.kind == "text":
            self._say_text(part, *part.reader.feed(piece))
        else:
            self._say_refusal(part, piece)

    def settle(self, item: dict[str, Any]) -> None:
        """Add what the finished item holds and no delta has brought."""
        for index, content in enumerate(item.get("content") or []):
            kind = "refusal" if content["type"] == "refusal" else "text"
            self.add_rest(index, kind, content.get(kind) or "")

    def add_rest(self, content_index: int, kind: str, whole: str) -> None:
        """Add what a whole part holds and no delta has brought."""
        part = self._parts.get(content_index)
        so_far = part.received if part else ""
        if part is None or (len(whole) > len(so_far) and whole.startswith(so_far)):
            self.add(content_index, kind, whole[len(so_far) :])

    @property
    def said(self) -> list[dict[str, Any]]:
        """What has come so far, as an output item's content."""
        types = {"text": "output_text", "refusal": "refusal"}
        return [
            {"type": types[part.kind], part.kind: part.received} for part in self._parts.values()
        ]

    def finish(self) -> None:
        """Say what was held back; every part has been told once by then."""
        for part in self._parts.values():
            if part.kind == "text":
                rest, annotations = part.reader.finish()
                if rest or not part.told:
                    self._say_text(part, rest, annotations)

    def _open(self, kind: str) -> _Part:
        content = self.message.content
        content.append(text_part("") if kind == "text" else {"type": "refusal", "refusal": ""})
        return _Part(len(content) - 1, kind, self._annotations())

    def _say_text(self, part: _Part, text: str, annotations: list[dict[str, Any]]) -> None:
        if not text and (part.told or part.received):
            return
        stored = self.message.content[part.place]["text"]
        told: dict[str, Any] = {"value": text}
        if annotations or not part.told:
            first = len(stored["annotations"])
            told["annotations"] = [
                {"index": first + place, **one} for place, one in enumerate(annotations)
            ]
        stored["value"] += text
        stored["annotations"] += annotations
        part.told = True
        self._tell_part({"index": part.place, "type": "text", "text": told})

    def _say_refusal(self, part: _Part, text: str) -> None:
        self.message.content[part.place]["refusal"] += text
        part.told = True
        self._tell_part({"index": part.place, "type": "refusal", "refusal": text})

    def _tell_part(self, told: dict[str, Any]) -> None:
        self._tell(self.message.id, {"content": [told]})
