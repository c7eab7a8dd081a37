"""A model's calls, put together from fragments that may lack what tells them apart."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.core.model import Event
from app.core.wire_api import BrokenAnswer
from app.domain.ids import new_call_id

# How often per answer a call's arguments are read to find out whether they are complete. Only
# servers that repeat names need it, and each time costs as much as the arguments are long.
_MOST_LOOKS = 200


@dataclass(slots=True)
class Call:
    """A call; `given_id` is the server's id, which may be missing or another call's."""

    place: int
    call_id: str
    given_id: str
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    extra: Any = None
    announced: bool = False

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)

    def item(self) -> dict[str, Any]:
        """Return the finished output item."""
        if not self.name:
            raise BrokenAnswer
        return {**self._item("completed"), "arguments": self.arguments}

    def added(self) -> Event:
        item = {**self._item("in_progress"), "arguments": ""}
        return {"type": "response.output_item.added", "output_index": self.place, "item": item}

    def delta(self, piece: str) -> Event:
        return {
            "type": "response.function_call_arguments.delta",
            "item_id": f"fc_{self.place}",
            "output_index": self.place,
            "delta": piece,
        }

    def _item(self, status: str) -> dict[str, Any]:
        return {
            "type": "function_call",
            "id": f"fc_{self.place}",
            "status": status,
            "call_id": self.call_id,
            "name": self.name,
        }


class Calls:
    """The calls of one answer.

    OpenAI numbers calls with `index` and sends the id and the name once. Other servers leave out
    the index or the id, send one index for all calls, or repeat the id or the name in each
    fragment. So a fragment belongs to the call with its index, else to the one with its id, else
    to the last one, unless it can only be the beginning of another call.
    """

    def __init__(self) -> None:
        self.all: list[Call] = []
        self._by_index: dict[int, Call] = {}
        self._by_id: dict[str, Call] = {}
        self._ids: set[str] = set()
        self._looks = 0
        self.extra_characters = 0

    @property
    def extras(self) -> dict[str, Any]:
        """What the server wants back with the calls, by their ids."""
        return {call.call_id: call.extra for call in self.all if call.extra is not None}

    def take(self, fragments: object, next_place: int, *, whole: bool = False) -> Iterable[Event]:
        """Add fragments, and yield the events; `whole`: each is a call of its own.

        `next_place`: the place of the next output item. Raises `BrokenAnswer`.
        """
        if not isinstance(fragments, list):
            raise BrokenAnswer
        for fragment in fragments:
            if not isinstance(fragment, dict):
                raise BrokenAnswer
            count = len(self.all)
            yield from self._take(fragment, next_place, whole=whole)
            next_place += len(self.all) - count

    def _take(self, fragment: dict[str, Any], place: int, *, whole: bool) -> Iterable[Event]:
        function = fragment.get("function") or {}
        if not isinstance(function, dict):
            raise BrokenAnswer
        name, piece = _text(function.get("name")), _arguments(function.get("arguments"))
        call = None if whole else self._find(fragment, name, piece)
        if call is None:
            call = self._open(fragment, place)
        call.name = call.name or name
        if (extra := fragment.get("extra_content")) is not None:
            call.extra = extra
            self.extra_characters += len(json.dumps(extra))
        if piece:
            call.pieces.append(piece)
        if call.announced:
            if piece:
                yield call.delta(piece)
        elif call.name:
            call.announced = True
            yield call.added()
            if call.pieces:
                yield call.delta(call.arguments)

    def _find(self, fragment: dict[str, Any], name: str, piece: str) -> Call | None:
        """Return the call that a fragment continues; None if it begins another one."""
        index, given_id = fragment.get("index"), _text(fragment.get("id"))
        if isinstance(index, int):
            call = self._by_index.get(index)
        else:
            last = self.all[-1] if self.all else None
            call = self._by_id.get(given_id, last)
        if call is None or self._begins_another(call, given_id, name, piece):
            return None
        return call

    def _begins_another(self, call: Call, given_id: str, name: str, piece: str) -> bool:
        # Only a call's first fragment must have a name. Some servers send a new id with each.
        if not name or not call.name:
            return False
        if name != call.name or (given_id and given_id != call.given_id):
            return True
        return bool(piece) and self._is_complete(call)

    def _is_complete(self, call: Call) -> bool:
        if not call.pieces or not call.pieces[-1].rstrip().endswith("}"):
            return False
        self._looks += 1
        if self._looks > _MOST_LOOKS:
            return False
        try:
            json.loads(call.arguments)
        except (ValueError, RecursionError):
            return False
        return True

    def _open(self, fragment: dict[str, Any], place: int) -> Call:
        index, given_id = fragment.get("index"), _text(fragment.get("id"))
        is_new = given_id and given_id not in self._ids
        call = Call(place, given_id if is_new else new_call_id(), given_id)
        self.all.append(call)
        self._ids.add(call.call_id)
        if isinstance(index, int):
            self._by_index[index] = call
        if given_id:
            self._by_id[given_id] = call
        return call


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _arguments(value: object) -> str:
    """Return arguments as JSON text: some servers send the object itself."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)
