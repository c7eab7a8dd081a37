"""Shows calls of unknown tools: their type and all their fields."""

from app.terminal.calls.pieces import Shown, pieces_of
from app.terminal.client import Object
from app.terminal.language import Said

_USED = Said("Used the tool {type}", "{type} 도구를 사용했습니다")


def show(call: Object) -> Shown:
    kind = str(call.get("type"))
    # All known types of calls have their details in a field named after the type.
    details = call.get(kind)
    if not isinstance(details, dict):
        details = {name: value for name, value in call.items() if name not in ("id", "type")}
    pieces = [piece for name, value in details.items() for piece in pieces_of(name, value)]
    return Shown(_USED.filled(type=kind), tuple(pieces))
