"""Shows calls of `file_search`."""

from app.terminal.calls.pieces import Piece, Shown
from app.terminal.client import Object
from app.terminal.language import Said
from app.terminal.screen import one_line

INCLUDE = "step_details.tool_calls[*].file_search.results[*].content"

_SEARCHED = Said(
    "Searched the files. Passages found: {count}", "파일을 검색했습니다. 찾은 내용: {count}건"
)
_LONGEST = 160


def show(call: Object) -> Shown:
    results = (call.get("file_search") or {}).get("results") or []
    pieces = tuple(Piece(_passage(result)) for result in results)
    return Shown(_SEARCHED.filled(count=len(results)), pieces)


def _passage(result: Object) -> str:
    text = one_line(" ".join(str(part.get("text", "")) for part in result.get("content") or []))
    beginning = f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text
    return f"{result.get('file_name')}: {beginning}" if text else str(result.get("file_name"))
