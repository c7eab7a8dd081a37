"""What the demo model answers: a pure function of the request."""

import json
import re
from dataclasses import dataclass
from typing import Any

from app.core.demo_code import code_for, wants_code
from app.core.demo_memory import asks_about_oneself, asks_back, asks_name, most_relevant, name_in
from app.core.demo_report import lacks_table, report
from app.core.demo_schema import example
from app.core.demo_summary import remembered, summary_of
from app.core.summary_prompt import SUMMARISE
from app.domain.language import is_korean
from app.schemas.code_interpreter import CODE_INTERPRETER
from app.schemas.file_search import FILE_SEARCH

# A passage in the output of the file search function, after its marker.
_PASSAGE = re.compile(r"(?P<marker>【[^【】]+】)\n(?P<text>.*?)(?=\n\n【|\Z)", re.DOTALL)
_QUOTED_CHARACTERS = 300
_QUOTED_MESSAGES = 10

_SENTENCES = {
    "said": (
        '[Demo model] You said: "{}". This is a built-in demo, not a real model: '
        "set OPENAI_API_KEY on the server and restart it to get real answers.",
        '[데모 모드] 이렇게 말씀하셨습니다: "{}". 실제 모델이 아닌 내장 데모의 답변입니다. '
        "서버에 OPENAI_API_KEY를 설정하고 다시 시작하면 실제 답변을 받을 수 있습니다.",
    ),
    "before": (
        "[Demo model] You said earlier: {}",
        "[데모 모드] 앞에서 이렇게 말씀하셨습니다: {}",
    ),
    "nothing before": (
        "[Demo model] You have not said anything earlier in this thread.",
        "[데모 모드] 이 대화에서 앞서 하신 말씀이 없습니다.",
    ),
    "name": ("[Demo model] Your name is {}.", "[데모 모드] 성함은 {}입니다."),
    "no name": (
        "[Demo model] You have not mentioned your name in this thread.",
        "[데모 모드] 이 대화에서 아직 이름을 말씀하지 않으셨습니다.",
    ),
    "found": (
        '[Demo model] The files say: "{}" {}',
        '[데모 모드] 문서에 이렇게 나와 있습니다: "{}" {}',
    ),
    "nothing found": (
        "[Demo model] The files say nothing about it.",
        "[데모 모드] 문서에서 관련 내용을 찾지 못했습니다.",
    ),
    "outputs": (
        "[Demo model] The tool returned: {}",
        "[데모 모드] 도구가 이렇게 답했습니다: {}",
    ),
}


@dataclass(frozen=True)
class Answer:
    """Either `text`, or a call of the function `call_name` with `call_arguments` (JSON)."""

    text: str = ""
    call_name: str = ""
    call_arguments: str = ""


def answer(request: dict[str, Any]) -> Answer:
    """Return the demo's answer to a request of the Responses API."""
    items = _items(request.get("input"))
    said = [_text(item.get("content")) for item in items if item.get("role") == "user"]
    if str(request.get("instructions") or "").startswith(SUMMARISE):
        return Answer(text=summary_of(said[-1] if said else ""))
    said = [line for text in said for line in remembered(text)]
    last = said[-1] if said else ""
    outputs = _outputs(items)
    if not outputs and (tool := _tool_to_call(request, last)):
        arguments = json.dumps(_arguments(tool, last), ensure_ascii=False)
        return Answer(call_name=tool["name"], call_arguments=arguments)
    if outputs:
        text = _about_output(_last_call(items), outputs, last)
    else:
        text = _sentence(said[:-1], last)
        if _may_run_code(request) and not asks_back(last):
            text = lacks_table(last) or text
    return Answer(text=_shaped(request, text))


def said_in(request: dict[str, Any]) -> str:
    """Return all text of a request, to estimate its tokens."""
    items = _items(request.get("input"))
    texts = [_text(item.get("content") or item.get("output")) for item in items]
    return " ".join([str(request.get("instructions") or ""), *texts])


def _items(given: Any) -> list[dict[str, Any]]:
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    return given or []


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return " ".join(part["text"] for part in content or [] if isinstance(part.get("text"), str))


def _outputs(items: list[dict[str, Any]]) -> list[str]:
    """Return the tools' outputs since the user's last message."""
    outputs: list[str] = []
    for item in items:
        if item.get("role") == "user":
            outputs.clear()
        elif item.get("type") == "function_call_output":
            outputs.append(_text(item.get("output")))
    return outputs


def _last_call(items: list[dict[str, Any]]) -> dict[str, Any]:
    calls = [item for item in items if item.get("type") == "function_call"]
    return calls[-1] if calls else {"name": "", "arguments": "{}"}


def _arguments(tool: dict[str, Any], last: str) -> Any:
    if tool["name"] == CODE_INTERPRETER:
        return {"code": code_for(tool, last)}
    if (given := _object_in(last)) is not None:
        return given
    return example({"type": "object", **(tool.get("parameters") or {})}, last)


def _object_in(text: str) -> dict[str, Any] | None:
    """Return the JSON object that a message contains, if it does: the arguments of a call."""
    start = text.find("{")
    if start < 0:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _may_run_code(request: dict[str, Any]) -> bool:
    names = [tool["name"] for tool in _functions(request)]
    return CODE_INTERPRETER in names and request.get("tool_choice") != "none"


def _code_in(call: dict[str, Any]) -> str:
    # Another model may have written it, in the run's first rounds.
    try:
        arguments = json.loads(call["arguments"])
    except ValueError:
        return ""
    code = arguments.get("code") if isinstance(arguments, dict) else None
    return code if isinstance(code, str) else ""


def _about_output(call: dict[str, Any], outputs: list[str], last: str) -> str:
    if call["name"] == FILE_SEARCH:
        return _cited(last, outputs[-1])
    if call["name"] == CODE_INTERPRETER:
        return report(_code_in(call), outputs[-1], last)
    return _say("outputs", last, _quoted(outputs))


def _cited(last: str, output: str) -> str:
    """Quote the best passage of a search's output, with the marker before it."""
    found = _PASSAGE.search(output)
    if found is None:
        return _say("nothing found", last)
    return _say("found", last, _clipped(" ".join(found["text"].split())), found["marker"])


def _tool_to_call(request: dict[str, Any], last: str) -> dict[str, Any] | None:
    tools = _functions(request)
    choice = request.get("tool_choice") or "auto"
    if isinstance(choice, dict):
        wanted = [tool for tool in tools if tool["name"] == choice.get("name")]
    elif choice == "auto":
        wanted = [tool for tool in tools if _names(last, tool["name"])]
        if not wanted and not asks_back(last):
            wanted = _unasked(tools, last)
    else:
        wanted = tools if choice == "required" else []
    return wanted[0] if wanted else None


def _functions(request: dict[str, Any]) -> list[dict[str, Any]]:
    return [tool for tool in request.get("tools") or [] if tool.get("type") == "function"]


def _unasked(tools: list[dict[str, Any]], last: str) -> list[dict[str, Any]]:
    """Return the tools that fit a question which names none."""
    search = [tool for tool in tools if tool["name"] == FILE_SEARCH]
    code = [
        tool
        for tool in tools
        if tool["name"] == CODE_INTERPRETER and wants_code(tool, last, may_search=bool(search))
    ]
    return code or search


def _names(text: str, function: str) -> bool:
    # The name must not be part of a longer word (`get` in `getting`), but a Korean particle may
    # follow it. An action's function may be named without the action.
    names = {function, function.partition("__")[2] or function}
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![A-Za-z0-9_-])", text) for name in names)


def _sentence(previous: list[str], last: str) -> str:
    if asks_name(last):
        name = name_in(previous)
        return _say("name", last, name) if name else _say("no name", last)
    if asks_back(last):
        about = most_relevant(previous, last)
        said = [about] if about else previous
        return _say("before", last, _quoted(said)) if said else _say("nothing before", last)
    if asks_about_oneself(last) and (about := most_relevant(previous, last)):
        return _say("before", last, _quoted([about]))
    return _say("said", last, _clipped(last))


def _say(sentence: str, last: str, *words: str) -> str:
    english, korean = _SENTENCES[sentence]
    return (korean if is_korean(last) else english).format(*words)


def _quoted(texts: list[str]) -> str:
    return ", ".join(f'"{_clipped(text)}"' for text in texts[-_QUOTED_MESSAGES:])


def _clipped(text: str) -> str:
    return text if len(text) <= _QUOTED_CHARACTERS else f"{text[:_QUOTED_CHARACTERS]}…"


def _shaped(request: dict[str, Any], text: str) -> str:
    """Return `text` in the format that `text.format` requires."""
    wanted = (request.get("text") or {}).get("format") or {}
    if wanted.get("type") == "json_object":
        return json.dumps({"demo": True, "answer": text}, ensure_ascii=False)
    if wanted.get("type") == "json_schema":
        return json.dumps(example(wanted.get("schema") or {}, text), ensure_ascii=False)
    return text
