"""What the demo model says about the output of code. Pure."""

import json
import re
from pathlib import PurePosixPath

from app.core.demo_arithmetic import expression_in
from app.core.demo_code import ABOUT_DATA
from app.domain.language import is_korean

_LINE = re.compile(r"^- .*$", re.MULTILINE)
_ERROR = re.compile(r"^[\w.]*(?:Error|Exception|Interrupt)(?:: .*)?$", re.MULTILINE)
_SHOWN_CHARACTERS = 1000

_SENTENCES = {
    "table": (
        "[Demo model] I ran a few lines of Python on `{}`:",
        "[데모 모드] `{}` 파일을 Python 코드로 읽었습니다.",
    ),
    "summary": ("Statistics of all columns: {}", "모든 열의 통계: {}"),
    "computed": (
        "[Demo model] Python says: `{} = {}`",
        "[데모 모드] Python으로 계산했습니다: `{} = {}`",
    ),
    "printed": ("[Demo model] The code printed:", "[데모 모드] 코드가 출력한 내용입니다."),
    "nothing": (
        "[Demo model] The code printed nothing.",
        "[데모 모드] 코드가 출력한 내용이 없습니다.",
    ),
    "failed": (
        "[Demo model] The code did not run to its end: {}",
        "[데모 모드] 코드가 끝까지 실행되지 않았습니다: {}",
    ),
    "no table": (
        "[Demo model] I found no table to describe. Attach a CSV, TSV, XLSX or JSON file and ask "
        "again.",
        "[데모 모드] 설명할 표가 없습니다. CSV, TSV, XLSX, JSON 파일을 첨부하고 다시 물어봐 "
        "주세요.",
    ),
    "demo": (
        "This is a built-in demo, not a real model: set OPENAI_API_KEY on the server and restart "
        "it to get real answers.",
        "실제 모델이 아닌 내장 데모의 답변입니다. 서버에 OPENAI_API_KEY를 설정하고 다시 시작하면 "
        "실제 답변을 받을 수 있습니다.",
    ),
}


def lacks_table(question: str) -> str:
    """Return the answer to a question about data if there is no table; else an empty string."""
    return _say("no table", question) if ABOUT_DATA.search(question) else ""


def report(code: str, output: str, question: str) -> str:
    """Return what the demo says about the output of code."""
    if path := _literal(code, "path = "):
        return _table_report(PurePosixPath(path).name, code, output, question)
    printed = output.strip()
    if reason := _failure(printed):
        return _say("failed", question, reason)
    expression = expression_in(question)
    if expression and code == f"print({expression})":
        # Before it may be a note that the session is new.
        return _say("computed", question, expression, _last_line(printed))
    if not printed:
        return _say("nothing", question)
    return f"{_say('printed', question)}\n\n```\n{_clipped(printed)}\n```"


def _table_report(name: str, code: str, output: str, question: str) -> str:
    lines = [line for line in _LINE.findall(output) if "sandbox:" not in line]
    if reason := _failure(output) or ("" if lines else _last_line(output)):
        return _say("failed", question, reason)
    said = [_say("table", question, name), _clipped("\n".join(lines))]
    summary = _literal(code, ".to_csv(")
    if summary and f"sandbox:{summary}" in output:
        link = f"[{PurePosixPath(summary).name}](sandbox:{summary})"
        said.append(_say("summary", question, link))
    return "\n\n".join([*said, _say("demo", question)])


def _failure(output: str) -> str:
    """Return why code did not run to its end; empty if it did."""
    errors = _ERROR.findall(output)
    if not errors:
        return ""
    # Code that took too long is interrupted; the reason follows.
    return _last_line(output) if errors[-1].startswith("KeyboardInterrupt") else errors[-1]


def _last_line(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip() and "sandbox:" not in line]
    return _clipped(lines[-1]) if lines else "-"


def _literal(code: str, before: str) -> str:
    """Return the string literal that follows `before` in the demo's own code; else empty."""
    try:
        value, _ = json.JSONDecoder().raw_decode(code.partition(before)[2])
    except ValueError:
        return ""
    return value if isinstance(value, str) else ""


def _say(sentence: str, question: str, *words: str) -> str:
    english, korean = _SENTENCES[sentence]
    return (korean if is_korean(question) else english).format(*words)


def _clipped(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
