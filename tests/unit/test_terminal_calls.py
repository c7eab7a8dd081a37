"""Tool calls and parts of messages in the terminal: those it knows, and all others."""

import pytest

from app.terminal.calls.registry import call_text
from app.terminal.screen import Screen
from app.terminal.transcript import as_markdown, show_attached, show_messages

PATH = "sandbox:/mnt/data/표.csv"
FILE = {"type": "file_path", "text": PATH, "file_path": {"file_id": "file-table"}}
TEXT = {"type": "text", "text": {"value": f"[table]({PATH})", "annotations": [FILE, FILE]}}
PICTURE = {"type": "image_file", "image_file": {"file_id": "file-chart"}}
MADE_UP = {
    "id": "call_1",
    "type": "made_up",
    "made_up": {
        "input": '{"rows": [1]}',
        "outputs": [
            {"type": "logs", "logs": "one\ntwo"},
            {"type": "image", "image": {"file_id": "file-chart"}},
        ],
    },
}


def test_a_tool_that_is_not_known_is_shown_with_all_it_brought():
    assert call_text(MADE_UP, "completed", "en") == (
        "> Used the tool made_up\n"
        "  Input\n"
        "    {\n"
        '      "rows": [\n'
        "        1\n"
        "      ]\n"
        "    }\n"
        "  Output\n"
        "    one\n"
        "    two\n"
        "  [image: file-chart] python -m app files download file-chart"
    )
    korean = call_text(MADE_UP, "failed", "ko")
    assert korean.startswith("> made_up 도구를 사용했습니다 (실패)\n  입력\n")
    assert korean.endswith("  [이미지: file-chart] python -m app files download file-chart")


def test_calls_that_are_known():
    function = {"name": "add", "arguments": "{}", "output": None}
    call = {"id": "c", "type": "function", "function": function}
    assert call_text(call, "in_progress", "en") == (
        "> Called add\n  Arguments\n    {}\n  No output yet."
    )
    call["function"] = {**function, "output": "3"}
    assert call_text(call, "completed", "ko").endswith("\n  결과\n    3")
    results = [{"file_name": "a.txt", "content": [{"text": "x" * 200}]}, {"file_name": "b.txt"}]
    search = {"type": "file_search", "file_search": {"results": results}}
    assert call_text(search, "completed", "en") == (
        f"> Searched the files. Passages found: 2\n  a.txt: {'x' * 160}…\n  b.txt"
    )


def ran(outputs, code="print(1)"):
    return {"id": "c", "type": "code_interpreter", "code_interpreter": {"input": code,
            "outputs": outputs}}  # fmt: skip


def test_a_call_that_ran_code():
    outputs = [
        {"type": "logs", "logs": "one\ntw"},
        {"type": "logs", "logs": "o"},
        {"type": "image", "image": {"file_id": "file-chart"}},
        {"type": "logs", "logs": '{"three": 3}'},
    ]
    assert call_text(ran(outputs, "for x in y:\n    print(x)"), "completed", "en") == (
        "> Ran code\n"
        "  Code\n"
        "    for x in y:\n"
        "        print(x)\n"
        "  Output\n"
        "    one\n"
        "    two\n"
        "  [image: file-chart] python -m app files download file-chart\n"
        '  {"three": 3}'
    )
    assert call_text(ran([]), "completed", "ko") == (
        "> 코드를 실행했습니다\n  코드\n    print(1)\n  출력된 내용이 없습니다."
    )


@pytest.mark.parametrize("held", [None, [], {}, "", 7, ["a", None], [{"x": 1}], [{"type": "n"}]])
def test_whatever_a_call_holds_is_text(held):
    for call in (
        {"type": "made_up", "made_up": held},
        {"type": "made_up", "made_up": {"outputs": held}},
        {"type": "made_up", "more": held},
        {"made_up": held},
        {"type": "file_search", "file_search": None},
        {"type": "code_interpreter", "code_interpreter": held},
        ran(held),
        {"type": "function"},
    ):
        assert call_text(call, "completed", "en").startswith("> ")


def message(*parts):
    return {"role": "assistant", "created_at": 0, "run_id": "run_1", "content": list(parts)}


def test_an_export_names_pictures_files_and_what_is_not_known():
    said = message(TEXT, PICTURE, {"type": "hologram", "depth": 3})
    text = as_markdown({"thread": {"id": "thread_1"}, "messages": [said]}, "en")
    assert "[file: 표.csv (file-table)] python -m app files download file-table" in text
    assert "[image: file-chart] python -m app files download file-chart" in text
    assert text.count("file-table)]") == 1
    assert "[hologram]" in text and '"depth": 3' in text


def test_a_percent_encoded_path_has_its_name_back():
    annotation = {**FILE, "text": "sandbox:/mnt/data/%ED%91%9C%20(1).csv"}
    said = message({"type": "text", "text": {"value": "…", "annotations": [annotation]}})
    text = as_markdown({"thread": {"id": "thread_1"}, "messages": [said]}, "en")
    assert "[file: 표 (1).csv (file-table)]" in text


def test_an_answer_s_pictures_and_files_are_named_under_it(capsys):
    show_attached(Screen("ko"), [message(TEXT, {"type": "refusal", "refusal": "no"}, PICTURE)])
    assert capsys.readouterr().out == (
        "[파일: 표.csv (file-table)] python -m app files download file-table\n"
        "[이미지: file-chart] python -m app files download file-chart\n"
    )


def test_steps_come_before_what_their_run_said(capsys):
    step = {"status": "completed", "step_details": {"tool_calls": [MADE_UP]}}
    show_messages(Screen("en"), [message(TEXT), message(PICTURE)], {"run_1": [step]})
    shown = capsys.readouterr().out
    assert shown.index("Used the tool made_up") < shown.index("Assistant")
    assert shown.count("Used the tool made_up") == 1


def test_what_a_call_says_does_not_steer_the_terminal(capsys):
    call = {"type": "made_up", "made_up": {"input": "a\x1b[2Jb"}}
    step = {"status": "completed", "step_details": {"tool_calls": [call]}}
    show_messages(Screen("en"), [message(TEXT)], {"run_1": [step]})
    assert "a[2Jb" in capsys.readouterr().out
