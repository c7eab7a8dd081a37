"""What is wrong with an address, or with the bytes of a body: never an error of the server."""

from typing import Any

import pytest

from tests.support.sentences import (
    NOT_JSON,
    Said,
    above,
    below,
    no_id,
    no_such_value,
    wrong_type,
)
from tests.support.talk import error_of

JSON = {"content-type": "application/json"}
ORDERS = "'asc' and 'desc'"
LISTS = ["/assistants", "/threads/{thread}/messages", "/threads/{thread}/runs"]
MARKS = {
    "/assistants": ("assistant", "asst"),
    "messages": ("message", "msg"),
    "runs": ("run", "run"),
}


def not_found(kind: str, given: str) -> Said:
    return Said(f"No {kind} found with id '{given}'.")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=0", below("limit", "integer", 1, 0)),
        ("limit=-1", below("limit", "integer", 1, -1)),
        ("limit=101", above("limit", "integer", 100, 101)),
        (f"limit=1{'0' * 30}", above("limit", "integer", 100, 10**30)),
        ("limit=abc", wrong_type("limit", "an integer", "a string")),
        ("limit=1.5", wrong_type("limit", "an integer", "a string")),
        ("order=up", no_such_value("order", "up", ORDERS)),
        ("order=ASC", no_such_value("order", "ASC", ORDERS)),
    ],
)
def test_a_bad_query(http, places, path, query, said):
    response = http.get(f"{path.format_map(places)}?{query}")
    assert error_of(response) == said.as_error()


@pytest.mark.parametrize("side", ["after", "before"])
@pytest.mark.parametrize("path", LISTS)
def test_an_unknown_cursor(http, places, path, side):
    kind, prefix = MARKS[path if path in MARKS else path.rpartition("/")[2]]
    address = path.format_map(places)
    error = error_of(http.get(address, params={side: f"{prefix}_none"}), 404)
    assert error == not_found(kind, f"{prefix}_none").as_error()
    for given in ("undefined", "\ud7ff\U0010ffff", "x" * 5000, "' OR 1=1 --"):
        error = error_of(http.get(address, params={side: given}))
        assert error == no_id(kind, given, prefix).as_error()
    assert error_of(http.get(f"{address}?{side}=%FF"))["code"] == "invalid_value"


@pytest.mark.parametrize("given", ["undefined", "null", "None", "😀", "x" * 5000, "%FF", "1"])
@pytest.mark.parametrize(
    ("method", "path", "kind", "prefix"),
    [
        ("GET", "/assistants/{}", "assistant", "asst"),
        ("POST", "/assistants/{}", "assistant", "asst"),
        ("DELETE", "/assistants/{}", "assistant", "asst"),
        ("GET", "/threads/{}", "thread", "thread"),
        ("POST", "/threads/{}", "thread", "thread"),
        ("DELETE", "/threads/{}", "thread", "thread"),
        ("GET", "/threads/{}/messages", "thread", "thread"),
        ("POST", "/threads/{}/runs", "thread", "thread"),
        ("GET", "/threads/{thread}/messages/{}", "message", "msg"),
        ("POST", "/threads/{thread}/messages/{}", "message", "msg"),
        ("DELETE", "/threads/{thread}/messages/{}", "message", "msg"),
        ("GET", "/threads/{thread}/runs/{}", "run", "run"),
        ("POST", "/threads/{thread}/runs/{}", "run", "run"),
        ("POST", "/threads/{thread}/runs/{}/cancel", "run", "run"),
        ("GET", "/threads/{thread}/runs/{}/steps", "run", "run"),
    ],
)
def test_an_id_that_can_be_none_of_its_kind(http, places, method, path, kind, prefix, given):
    address = path.replace("{thread}", places["thread"]).replace("{}", given)
    shown = "\ufffd" if given == "%FF" else given
    assert error_of(http.request(method, address)) == no_id(kind, shown, prefix).as_error()


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/threads/thread_%00", "thread"), ("/assistants/asst_%00", "assistant")],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_nul_in_a_path(http, method, path, kind):
    shown = path.rpartition("/")[2].replace("%00", "\ufffd")
    assert error_of(http.request(method, path), 404) == not_found(kind, shown).as_error()


@pytest.mark.parametrize(
    "given", ["thread_'; DROP TABLE threads;--", "thread_%25", "thread_" + "x" * 5000, "thread_\\"]
)
def test_a_strange_id_is_an_unknown_one(http, given):
    shown = given.replace("%25", "%")
    assert error_of(http.get(f"/threads/{given}"), 404) == not_found("thread", shown).as_error()


def nested(opening: bytes, closing: bytes, depth: int) -> bytes:
    return opening * depth + b"1" + closing * depth


def assistant(field: str, value: bytes) -> bytes:
    return b'{"model": "m", "%s": %s}' % (field.encode(), value)


def function(parameters: bytes) -> bytes:
    return assistant(
        "tools", b'[{"type": "function", "function": {"name": "f", "parameters": %s}}]' % parameters
    )


@pytest.mark.parametrize(
    "body",
    {
        "an open brace": b"{",
        "a word": b"hello",
        "a trailing comma": b'{"model": "m",}',
        "more after it": b'{"model": "m"} x',
        "another encoding that is not said": '{"model": "m"}'.encode("utf-16-le"),
        "NaN": assistant("temperature", b"NaN"),
        "Infinity": assistant("temperature", b"-Infinity"),
        "a NUL between fields": b'{"model": "m"\0}',
        "half a surrogate pair, and NaN": b'{"model": "\\ud800", "temperature": NaN}',
        "half a surrogate pair, 1,000 objects deep": assistant(
            "metadata", nested(b'{"\\ud800":', b"}", 1000)
        ),
        "10,000 objects deep": assistant("metadata", nested(b'{"a":', b"}", 10_000)),
        "10,000 arrays deep": nested(b"[", b"]", 10_000),
        "a number of 10,000 digits": function(b'{"x": %s}' % (b"9" * 10_000)),
    }.items(),
    ids=lambda item: item[0],
)
def test_a_body_that_is_no_json(http, body):
    response = http.post("/assistants", content=body[1], headers=JSON)
    assert error_of(response) == Said(NOT_JSON).as_error()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (assistant("temperature", b"1e999"), "temperature"),
        (assistant("temperature", b"-1e999"), "temperature"),
        (function(b'{"x": 1e999}'), "tools[0].function.parameters"),
        (function(b'{"x": [{"y": -1e999}]}'), "tools[0].function.parameters"),
    ],
)
def test_a_number_out_of_range(http, body, param):
    error = error_of(http.post("/assistants", content=body, headers=JSON))
    assert (error["param"], error["code"]) == (param, "invalid_value")


@pytest.mark.parametrize(
    "parameters",
    [b'{"x": 1%s}' % (b"0" * 30), b'{"x": -0.0}', b'{"x": 1e308}', nested(b'{"a":', b"}", 100)],
)
def test_what_can_be_kept_comes_back(http, parameters):
    made = http.post("/assistants", content=function(parameters), headers=JSON).json()
    assert http.get(f"/assistants/{made['id']}").json() == made


@pytest.mark.parametrize(
    "path",
    ["/assistants", "/assistants/{assistant}", "/threads", "/threads/{thread}/runs", "/chat"],
)
@pytest.mark.parametrize(
    ("body", "got"),
    [
        ("[0]", "an array"),
        ('"x"', "a string"),
        ("1", "an integer"),
        ("1.5", "a decimal"),
        ("true", "a boolean"),
    ],
)
def test_a_body_that_is_no_object(http, places, path, body, got):
    message = f"Invalid type for the request body: expected an object, but got {got} instead."
    response = http.post(path.format_map(places), content=body, headers=JSON)
    assert error_of(response) == Said(message, None, "invalid_type").as_error()


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "x",
        None,
    ],
)
@pytest.mark.parametrize("path", ["/assistants", "/threads", "/threads/{thread}/runs", "/chat"])
def test_a_body_of_another_type(http, places, path, kind):
    headers: dict[str, Any] = {"content-type": kind} if kind else {}
    response = http.post(path.format_map(places), content=b'{"model": "m"}', headers=headers)
    error = error_of(response)
    assert error["code"] == "invalid_content_type"
    assert "Content-Type: application/json" in error["message"]
