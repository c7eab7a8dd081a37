"""Shows tool calls by type. To add a tool, write a module and register it in `_TOOLS`."""

from collections.abc import Callable

from app.terminal.calls import any_tool, code_interpreter, file_search, function
from app.terminal.calls.pieces import Piece, Shown
from app.terminal.client import Object
from app.terminal.downloads import how_to_download
from app.terminal.language import Language, Said

_TOOLS: dict[str, Callable[[Object], Shown]] = {
    "code_interpreter": code_interpreter.show,
    "file_search": file_search.show,
    "function": function.show,
}
# Values of `include[]` that make the server send more details of tool calls.
INCLUDES = [file_search.INCLUDE]

_FAILED = Said("failed", "실패")
_INDENT = "  "


def call_text(call: Object, status: str, language: Language) -> str:
    """Return a tool call as lines of text; `status` is that of its step."""
    shown = _TOOLS.get(str(call.get("type")), any_tool.show)(call)
    title = f"> {shown.title.in_language(language)}"
    if status in ("failed", "expired"):
        title += f" ({_FAILED.in_language(language)})"
    lines = [line for piece in shown.pieces for line in _lines(piece, language)]
    return "\n".join([title, *(_INDENT + line for line in lines)])


def _lines(piece: Piece, language: Language) -> list[str]:
    heading = [piece.heading.in_language(language)] if piece.heading else []
    if piece.kind == "picture":
        return [*heading, how_to_download("image", piece.text).in_language(language)]
    indent = _INDENT if heading and piece.text else ""
    return [*heading, *(indent + line for line in piece.text.splitlines())]
