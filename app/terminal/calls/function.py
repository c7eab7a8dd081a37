"""Shows calls of functions, both the server's own and those of a client program."""

from app.terminal.calls.pieces import Piece, Shown, pieces_of
from app.terminal.client import Object
from app.terminal.language import Said

_CALLED = Said("Called {name}", "{name} 호출")
_NO_OUTPUT = Said("No output yet.", "아직 결과가 없습니다.")


def show(call: Object) -> Shown:
    called = call.get("function") or {}
    pieces = pieces_of("arguments", called.get("arguments"))
    if called.get("output") is None:
        pieces.append(Piece("", _NO_OUTPUT))
    else:
        pieces += pieces_of("output", called["output"])
    return Shown(_CALLED.filled(name=called.get("name")), tuple(pieces))
