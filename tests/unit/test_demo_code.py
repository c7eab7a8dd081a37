"""The code that the demo model writes, and what it says about the output."""

import json
from typing import Any

import pytest

from app.core.demo_answers import Answer, answer
from app.core.demo_arithmetic import expression_in
from app.core.demo_client import DemoClient
from app.engine.tools.code_interpreter.texts import LOST, description

DRAW = "시청 데이터를 그래프로 그려 주세요."
PRINTED = """\
        views
count    3.00
- 행 수: 3
- 열: day, views
- views: 평균 2.00, 최소 1.00, 최대 3.00
- 그래프: day별 views
"""
TRACEBACK = """\
Traceback (most recent call last):
  File "<code>", line 6, in <module>
pandas.errors.EmptyDataError: No columns to parse from file
"""


def offered(*names: str, name: str = "code_interpreter") -> dict[str, Any]:
    """Return the function that runs code, with these files in its folder."""
    given = [f"{one} (file-{place})" for place, one in enumerate(names)]
    made = ["made.csv", "made.png"] if names else []
    parameters = {"type": "object", "properties": {"code": {"type": "string"}}}
    kind = {"type": "function", "name": name, "strict": False}
    return {**kind, "description": description([*given, *made]), "parameters": parameters}


SEARCH = offered(name="file_search")


def request(said: str, *tools: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "demo", "input": [{"role": "user", "content": said}], "tools": tools, **more}


def code(said: str, *tools: dict[str, Any], **more: Any) -> str:
    """Return the code that the demo runs; empty if it runs none."""
    given = answer(request(said, *tools, **more))
    if given.call_name != "code_interpreter":
        return ""
    written: str = json.loads(given.call_arguments)["code"]
    compile(written, "code", "exec")
    return written


def shown_by(said: str, output: Any, *tools: dict[str, Any], written: str | None = None) -> str:
    """Return what the demo says about the output of its code, or of another model's arguments."""
    given = answer(request(said, *tools))
    arguments = given.call_arguments if written is None else written
    call = {"type": "function_call", "name": "code_interpreter", "arguments": arguments}
    result = {"type": "function_call_output", "call_id": "c", "output": output}
    whole = request(said, *tools)
    whole["input"] += [call, result]
    return answer(whole).text


def test_it_describes_a_table_and_draws_it():
    written = code(DRAW, offered("시청 이벤트.csv", "note.txt"))
    assert 'path = "/mnt/data/시청 이벤트.csv"' in written
    assert "행 수" in written and "{label}별 {column}" in written and "plt.show()" in written
    assert '"/mnt/data/시청_이벤트_요약.csv"' in written
    english = code("Draw it.", offered("시청 이벤트.csv"))
    assert "Rows" in english and "{column} by {label}" in english and "_summary.csv" in english


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        ("a.csv", 'pd.read_csv(path, thousands=",", encoding="cp949")'),
        ("A.CSV", "pd.read_csv"),
        ("a.tsv", 'sep="\\t"'),
        ("a.xlsx", "pd.read_excel(path)"),
        ("a.json", "pd.read_json(path)"),
        ("a.jsonl", "pd.read_json(path, lines=True)"),
    ],
)
def test_it_reads_tables_of_several_kinds(name, reader):
    assert reader in code(DRAW, offered(name))


def test_names_are_quoted():
    name = 'it\'s "new" \\ (1).csv'
    written = code(DRAW, offered(name))
    assert f"path = {json.dumps(f'/mnt/data/{name}')}" in written
    assert '"/mnt/data/it_s_new_1__요약.csv"' in written


@pytest.mark.parametrize(
    ("files", "said", "chosen"),
    [
        (("old.csv", "new.xlsx"), "Draw it.", "new.xlsx"),
        (("old.csv", "new.xlsx"), "Draw old.csv, please.", "old.csv"),
        (("a, b.csv", "table (1).csv"), "Draw it.", "table (1).csv"),
        (("a, b.csv", "table (1).pdf"), "Draw it.", "a, b.csv"),
        ([f"{number}.csv" for number in range(50)], "Draw it.", "49.csv"),
    ],
)
def test_the_newest_table_is_meant_unless_one_is_named(files, said, chosen):
    assert f'path = "/mnt/data/{chosen}"' in code(said, offered(*files))


@pytest.mark.parametrize(
    ("said", "tools", "runs"),
    [
        ("What is in it?", [offered("a.csv")], True),
        ("What did I say before?", [offered("a.csv")], False),
        ("환불은 언제 되나요?", [offered("a.csv"), SEARCH], False),
        (DRAW, [offered("a.csv"), SEARCH], True),
        ("sales는 어떤가요?", [offered("sales.csv"), SEARCH], True),
        ("Draw it.", [offered("a.pdf"), SEARCH], False),
        ("Hello", [offered()], False),
        ("3 × (4 + 5)은 얼마예요?", [offered(), SEARCH], True),
        ("Run\n```python\nprint(1)\n```", [offered()], True),
        ("Please use code_interpreter.", [offered()], True),
    ],
)
def test_when_it_runs_code(said, tools, runs):
    assert bool(code(said, *tools)) == runs


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "code_interpreter"}])
def test_forced_without_a_table_it_lists_the_files(choice):
    assert "os.listdir" in code("안녕하세요", offered("a.pdf"), tool_choice=choice)


@pytest.mark.parametrize(
    ("said", "start"),
    [
        ("그래프를 그려 주세요", "[데모 모드] 설명할 표가 없습니다."),
        ("Draw it.", "[Demo model] I found no"),
    ],
)
def test_it_says_that_there_is_no_table(said, start):
    for tool in (offered(), offered("a.pdf")):
        assert answer(request(said, tool)).text.startswith(start)
    ordinary = answer(request(said, offered(), tool_choice="none"))
    assert said in ordinary.text


@pytest.mark.parametrize(
    ("said", "expression"),
    [
        ("3 × (4 + 5) = ?", "3 * (4 + 5)"),
        ("1,200 / 7을 계산해 주세요", "1200 / 7"),
        ("2^10", "2**10"),
        ("What is 1.5 * 2?", "1.5 * 2"),
        ("Compute 10-4", "10-4"),
        ("How much is 12÷4", "12/4"),
        ("1+1 행사 문구를 써 주세요", ""),
        ("2026-11-27 매출을 계산해 주세요", ""),
        ("010-1234-5678은 누구 번호인가요? 몇 번이에요?", ""),
        ("010 + 1 = ?", ""),
        ("Calculate it.", ""),
        ("계산: " + "(" * 150 + "1" + ")" * 40, ""),
        ("계산: " + "1+" * 150 + "1", ""),
    ],
)
def test_the_arithmetic_in_a_question(said, expression):
    assert expression_in(said) == expression


def test_a_result_of_arithmetic():
    said = "3 × (4 + 5) = ?"
    assert shown_by(said, "27\n", offered()) == "[Demo model] Python says: `3 * (4 + 5) = 27`"
    assert shown_by(said, f"{LOST}\n27\n", offered()).endswith(" = 27`")
    korean = shown_by("3 × 9는 얼마예요?", "27", offered())
    assert korean == "[데모 모드] Python으로 계산했습니다: `3 * 9 = 27`"


def test_a_report_on_a_table():
    tool = offered("views.csv")
    files = "New files:\n- sandbox:/mnt/data/views_요약.csv"
    parts = [
        {"type": "input_text", "text": f"{PRINTED}{files}"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA=="},
    ]
    said = shown_by(DRAW, parts, tool)
    assert said == (
        "[데모 모드] `views.csv` 파일을 Python 코드로 읽었습니다.\n\n"
        "- 행 수: 3\n- 열: day, views\n- views: 평균 2.00, 최소 1.00, 최대 3.00\n"
        "- 그래프: day별 views\n\n"
        "모든 열의 통계: [views_요약.csv](sandbox:/mnt/data/views_요약.csv)\n\n"
        "실제 모델이 아닌 내장 데모의 답변입니다. 서버에 OPENAI_API_KEY를 설정하고 다시 시작하면 "
        "실제 답변을 받을 수 있습니다."
    )
    assert "sandbox:" not in shown_by(DRAW, PRINTED, tool), (
        "no link to a file that was not taken over"
    )


@pytest.mark.parametrize(
    ("said", "start"),
    [
        (DRAW, "[데모 모드] 코드가 끝까지 실행되지 않았습니다: "),
        ("Draw it.", "[Demo model] The code did not"),
    ],
)
def test_code_that_failed(said, start):
    tool = offered("empty.csv")
    for output in (TRACEBACK, f"{PRINTED}{TRACEBACK}"):
        given = shown_by(said, output, tool)
        assert given.startswith(start)
        assert given.endswith("pandas.errors.EmptyDataError: No columns to parse from file")
    slow = "Traceback (most recent call last):\nKeyboardInterrupt\nStopped after 60 seconds.\n"
    assert shown_by(said, slow, tool).endswith(": Stopped after 60 seconds.")
    assert shown_by(said, "", tool).endswith(": -")
    assert shown_by(said, "The code took too long.", tool).endswith(": The code took too long.")


def test_the_output_of_a_users_code():
    said = "Run\n```python\nprint(1)\n```"
    assert code(said, offered("a.csv")) == "print(1)\n"
    assert shown_by(said, "1\n", offered()) == "[Demo model] The code printed:\n\n```\n1\n```"
    assert shown_by(said, "", offered()) == "[Demo model] The code printed nothing."
    assert shown_by(said, TRACEBACK, offered()).startswith("[Demo model] The code did not run")


@pytest.mark.parametrize("arguments", ["", "{", "[]", '{"code": 3}', '{"code": "path = ["}'])
def test_calls_of_another_model(arguments):
    assert shown_by("Hi", "done", written=arguments).endswith("```\ndone\n```")


async def test_it_streams_the_same_code():
    body = request(DRAW, offered("a.csv"))
    events = [event async for batch in DemoClient().events(body, stream=True) for event in batch]
    written = "".join(e["delta"] for e in events if e["type"].endswith("arguments.delta"))
    given = answer(body)
    assert isinstance(given, Answer)
    assert written == given.call_arguments
