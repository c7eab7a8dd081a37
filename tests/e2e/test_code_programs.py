"""Programs that were written for OpenAI's code interpreter: they do their whole work here.

The model is scripted, but calls the function as a model would: it reads which files there are in
the function's description, and what the code has printed.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.code_interpreter import coding
from tests.support.interpreters import require_interpreter, size_of_png
from tests.support.node_packages import packages, run_node
from tests.support.replies import Reply
from tests.support.response_events import last_user_text

PROGRAMS = Path(__file__).parents[1] / "support" / "programs"
NODE = Path(__file__).parents[1] / "support" / "node" / "code_interpreter.mjs"
ROWS = "화면,재생 횟수\n로비,12\n입구,7\n"


@pytest.fixture(scope="session")
def database_kind() -> str:
    """Programs can't tell one database from the other: one will do."""
    return "sqlite"


@pytest.fixture(scope="module")
def code_server(start_shared):
    require_interpreter()
    return start_shared(code_interpreter="auto")


@pytest.fixture
def run(code_server, upstream):
    """Run a program against the server; return what it has printed."""

    def program(name: str, *arguments: Any) -> str:
        ran = subprocess.run(
            [sys.executable, str(PROGRAMS / name), *map(str, arguments)],
            env={
                **os.environ,
                "OPENAI_BASE_URL": f"{code_server.base_url}/api/v1",
                "OPENAI_API_KEY": "sk-of-a-test",
                "NO_PROXY": "127.0.0.1",
                "PYTHONIOENCODING": "utf-8",
                "PYTHONWARNINGS": "ignore::DeprecationWarning",
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr
        return ran.stdout

    return program


def answered(body: dict[str, Any]) -> str | None:
    """Return the output of the newest call in a request; None if the model has not called yet."""
    last = body["input"][-1]
    return last["output"] if last["type"] == "function_call_output" else None


def first_file(body: dict[str, Any]) -> str:
    """Return the name of the first file in the model's prompt."""
    (tool,) = [tool for tool in body["tools"] if tool["name"] == "code_interpreter"]
    found = re.search(r"Files that are there: (.+?) \(file-", tool["description"])
    assert found, tool["description"]
    return found[1]


def solve(body: dict[str, Any]) -> Reply:
    """Solve the equation in the question."""
    output = answered(body)
    if output is not None:
        return Reply.text("Jane Doe, ", f"the solution is x = {output}.")
    equation = re.findall(r"`(.+?)`", last_user_text(body))[-1]
    left, right = equation.replace("3x", "3*x").split("=")
    code = f'from sympy import *\nx = symbols("x")\nprint(solve(Eq({left}, {right}), x)[0])'
    return coding(code)


def analyse(body: dict[str, Any]) -> Reply:
    """Describe the table, draw it, and hand out its sums."""
    output = answered(body)
    if output is None:
        path = f"/mnt/data/{first_file(body)}"
        return coding(
            "import pandas as pd\n"
            "import matplotlib.pyplot as plt\n"
            f"table = pd.read_csv({path!r})\n"
            "print(int(table.iloc[:, 1].sum()))\n"
            "table.plot(x=table.columns[0], y=table.columns[1], kind='bar')\n"
            "plt.title('재생 횟수')\n"
            "plt.show()\n"
            "table.sum(numeric_only=True).to_csv('/mnt/data/합계.csv')\n"
        ).in_pieces(50)
    (path,) = re.findall(r"sandbox:/mnt/data/\S+", output)
    total = re.search(r"^\d+$", output, re.MULTILINE)
    assert total, output
    return Reply.text("합계는 ", f"{total[0]}입니다. ", f"[합계]({path})").in_pieces(20)


def test_the_quickstart(run, upstream):
    upstream.reply_with(solve)
    said = run("quickstart.py")
    assert "assistant > code_interpreter" in said
    assert "print(solve(Eq(3*x + 11 ,  14), x)[0])" in said
    assert "output >\n\n1\n" in said
    assert "assistant > Jane Doe, the solution is x = 1." in said
    assert said.splitlines()[-4:] == [
        "completed",
        "Jane Doe, the solution is x = 3.",
        "tool_calls completed",
        "message_creation completed",
    ]
    instructions = upstream.requests[0].body["instructions"]
    assert instructions.startswith("Please address the user as Jane Doe.")


def test_the_cookbooks_overview(run, upstream, tmp_path):
    upstream.reply_with(analyse)
    data, results = tmp_path / "재생 기록.csv", tmp_path / "results"
    data.write_text(ROWS, "utf-8")
    results.mkdir()
    assert run("overview.py", data, results).splitlines() == [
        json.dumps({"code_interpreter": {"file_ids": []}}),
        "completed",
        "True ['logs', 'image']",
        "합계는 19입니다. [합계](합계.csv)",
    ]
    assert min(size_of_png((results / "picture.png").read_bytes())) > 200
    assert "19" in (results / "합계.csv").read_text("utf-8")


def test_the_data_analyst(run, upstream, tmp_path):
    upstream.reply_with(analyse)
    data = tmp_path / "plays.csv"
    data.write_text(ROWS, "utf-8")
    assert run("data_analyst.py", data).splitlines() == [
        "step: code_interpreter",
        "shown in the step: True",
        "code: True",
        r"output: '19\n'",
        "picture: PNG",
        "file: 합계.csv: 20 bytes",
        "message: 합계는 19입니다. [합계](/합계.csv)",
    ]


def test_the_node_sdk(code_server, upstream, tmp_path_factory):
    upstream.reply_with(analyse)
    folder = packages(tmp_path_factory, "openai@^6.49.0")
    ran = run_node(folder, NODE, folder, f"{code_server.base_url}/api/v1", seconds=60)
    assert ran.returncode == 0, ran.stderr
    reported = json.loads(ran.stdout)
    assert reported["order"] == ["created", "input", "logs", "image", "done"]
    assert reported["inputs"] > 1, "the code grows piece by piece"
    (call,) = reported["calls"]
    assert call["code_interpreter"]["input"] == reported["input"]
    assert [output["type"] for output in call["code_interpreter"]["outputs"]] == ["logs", "image"]
    image, text = reported["message"]["content"]
    assert (image["type"], text["type"]) == ("image_file", "text")
    assert [one["type"] for one in text["text"]["annotations"]] == ["file_path"]
    assert reported["pictures"] == [image["image_file"]["file_id"]]
