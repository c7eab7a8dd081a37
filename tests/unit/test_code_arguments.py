"""The code in a call's arguments, as models write them."""

import json
import time

import pytest

from app.engine.tools.code_interpreter.arguments import code_of

CODE = 'import re\nprint(re.sub(r"\\d+", "수", "3개 \\t"))\n'


@pytest.mark.parametrize(
    "arguments",
    [
        json.dumps({"code": CODE}),
        json.dumps({"code": CODE}, ensure_ascii=False),
        # Line breaks and tabs that are not escaped.
        '{"code": "' + CODE.replace("\\", "\\\\").replace('"', '\\"') + '"}',
        # A regular expression's backslash that is not escaped.
        '{"code": "import re\\nprint(re.sub(r\\"\\d+\\", \\"수\\", \\"3개 \\\\t\\"))\\n"}',
        # Quotes that are not escaped.
        '{"code": "import re\\nprint(re.sub(r"\\d+", "수", "3개 \\\\t"))\\n"}',
        json.dumps({"python": CODE}),
        json.dumps({"code": CODE, "language": "python"}),
        json.dumps(CODE),
        json.dumps({"code": CODE.split("\n")}),
        CODE,
    ],
)
def test_every_form(arguments):
    assert code_of(arguments) == CODE


@pytest.mark.parametrize("arguments", ["```python\n1 + 1\n```", '{"code": "```\\n1 + 1\\n```"}'])
def test_a_fence_is_no_code(arguments):
    assert code_of(arguments) == "1 + 1"


@pytest.mark.parametrize("arguments", ["1 + 1", "[1, 2]", "3", "{1, 2}", 'print("{}")', "'a'"])
def test_code_alone_is_run_as_it_is(arguments):
    assert code_of(arguments) == arguments


@pytest.mark.parametrize(
    "arguments", ["", "  ", "{}", '""', '{"code": ""}', '{"code": null}', '{"a": "1", "b": "2"}']
)
def test_no_code(arguments):
    assert code_of(arguments) is None


def test_what_can_not_be_stored_is_replaced():
    assert code_of('{"code": "a\\u0000\\ud800b\\ud83d\\ude00"}') == "a\ufffd\ufffdb😀"
    assert code_of('{"code": "\\d \\u0000\\ud83d\\ude00"}') == "\\d \ufffd😀"


def test_arguments_that_never_end_are_read_in_time_proportional_to_their_length():
    """Models repeat spaces until they are cut off."""
    arguments = '{"code": "x"' + "\n" * 200_000
    started = time.process_time()
    assert code_of(arguments) == arguments
    assert time.process_time() - started < 10


def test_deeply_nested_arguments_are_code():
    assert code_of("[" * 100_000) == "[" * 100_000
