"""Shows calls of `code_interpreter`."""

from dataclasses import replace
from itertools import groupby

from app.terminal.calls.pieces import HEADINGS, Piece, Shown, output_pieces
from app.terminal.client import Object
from app.terminal.language import Said

_RAN = Said("Ran code", "코드를 실행했습니다")
_CODE = Said("Code", "코드")
_NO_OUTPUT = Said("No output.", "출력된 내용이 없습니다.")


def show(call: Object) -> Shown:
    ran = call.get("code_interpreter")
    if not isinstance(ran, dict):
        ran = {}
    pieces = [Piece(str(ran["input"]), _CODE)] if ran.get("input") else []
    outputs = _outputs(ran.get("outputs"))
    if outputs:
        outputs[0] = replace(outputs[0], heading=HEADINGS["outputs"])
    return Shown(_RAN, (*pieces, *(outputs or [Piece("", _NO_OUTPUT)])))


def _outputs(outputs: object) -> list[Piece]:
    """Return the outputs as pieces: logs that follow each other are one text."""
    listed = outputs if isinstance(outputs, list) else []
    typed = [one for one in listed if isinstance(one, dict) and "type" in one]
    pieces: list[Piece] = []
    for is_log, group in groupby(typed, lambda one: one["type"] == "logs"):
        if is_log:
            pieces.append(Piece("".join(str(one.get("logs") or "") for one in group)))
        else:
            pieces += [piece for one in group for piece in output_pieces(one)]
    return [piece for piece in pieces if piece.text]
