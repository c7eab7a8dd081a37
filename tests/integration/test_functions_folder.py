"""The folder of the server's functions: what stops the start, and the example that is shipped."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.engine.tools.functions.registry import FunctionsError, load_functions
from tests.support.function_calls import call, function_tools, outputs
from tests.support.replies import Reply
from tests.support.server import MAIN
from tests.support.talk import finished

SHIPPED = Path(__file__).parents[2] / "functions"
CALLS = [
    (call("list_screens", city="부산"), '[{"id":"SCR-201","name":"해운대 광장"'),
    (call("list_screens"), '[{"id":"SCR-101","name":"강남역 1번 출구"'),
    (
        call("view_events", screen_id="SCR-101", day="2026-11-20", group_by="age"),
        '{"screen_id":"SCR-101","day":"2026-11-20","views":',
    ),
    (call("view_events", screen_id="SCR-1", day="2026-11-20"), "Error: ValueError: unknown screen"),
    (call("view_events", screen_id="SCR-101", day="yesterday"), "Error: the arguments of"),
    (
        call("busiest_day", screen_id="SCR-102", until="2026-11-20", days=3),
        '{"screen_id":"SCR-102","day":"2026-11-',
    ),
]


@pytest.fixture
def wrong(tmp_path):
    """Write a folder of two files, and return the path of the second."""

    def write(source: str) -> Path:
        folder = tmp_path / "functions"
        folder.mkdir()
        (folder / "good.py").write_text("def g() -> str: return ''")
        (folder / "wrong.py").write_text(source)
        return folder / "wrong.py"

    return write


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(:", "SyntaxError"),
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere"),
        ("class Odd: ...\ndef f(x: Odd) -> str: ...", "f: no JSON schema for its signature"),
        ("def f(x, /): ...", "f: it must be possible to pass parameters by name"),
        ("def g() -> str: ...", "another file already defines a function g"),
    ],
)
def test_a_file_that_can_not_be_used(wrong, source, reason):
    file = wrong(source)
    with pytest.raises(FunctionsError, match=re.escape(f"{file}: {reason}")):
        load_functions(str(file.parent))


def test_it_stops_the_start_in_words_for_a_person(wrong, tmp_path):
    file = wrong("import nowhere_to_be_found")
    ended = subprocess.run(
        [sys.executable, str(MAIN)],
        cwd=tmp_path,
        env={**os.environ, "PORT": "0", "LOG_FILE": "", "FUNCTIONS_DIR": str(file.parent)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )
    assert ended.returncode != 0
    assert f"{file}: ModuleNotFoundError: No module named 'nowhere" in ended.stderr
    # As a wrong setting is: a traceback would only hide it.
    assert "Traceback" not in ended.stderr, ended.stderr


def test_a_folder_that_is_not_there_holds_none(start):
    assert start(functions_dir="nowhere").http.get("/health").is_success


@pytest.fixture
def shipped(start):
    return start(functions_dir=str(SHIPPED)).client


def test_the_example_works(shipped, upstream):
    tools = function_tools("list_screens", "view_events", "busiest_day")
    for number, (wanted, output) in enumerate(CALLS):
        upstream.reply(Reply.function_calls(wanted), Reply.text("Done."))
        thread = shipped.beta.threads.create(messages=[{"role": "user", "content": "go"}])
        run = finished(shipped, thread.id, "asst_default", tools=tools)
        assert run.status == "completed"
        (reported,) = outputs(upstream, 2 * number + 1)
        assert reported.startswith(output)
    described = upstream.requests[0].body["tools"]
    assert [tool["name"] for tool in described] == ["list_screens", "view_events", "busiest_day"]
    assert all(tool["description"] for tool in described)
    assert described[1]["parameters"]["required"] == ["screen_id", "day"]
