"""Arguments are written into requests as OpenAPI's Parameter Object says."""

import json

import pytest

from app.actions.encoding import BadArguments
from app.actions.operations import operations_in
from app.actions.requests import arguments_in, request_of

COLOR = {"R": 100, "G": 200}
LIST = ["blue", "bl ack"]


def operation(*parameters, path="/x", body=None):
    described = {"parameters": list(parameters), "responses": {}}
    if body is not None:
        described["requestBody"] = {"content": body, "required": True}
    document = {"openapi": "3.1.0", "paths": {path: {"post": described}}}
    [found] = operations_in(document, None, without=frozenset())
    assert found.operation is not None, found.problem
    return found.operation


def target(arguments, *parameters, path="/x"):
    return request_of(operation(*parameters, path=path), arguments).url("https://api")[11:]


@pytest.mark.parametrize(
    ("style", "explode", "value", "written"),
    [
        ("form", True, LIST, "c=blue&c=bl%20ack"),
        ("form", False, LIST, "c=blue,bl%20ack"),
        ("form", True, COLOR, "R=100&G=200"),
        ("form", False, COLOR, "c=R,100,G,200"),
        ("form", None, LIST, "c=blue&c=bl%20ack"),
        ("spaceDelimited", False, LIST, "c=blue%20bl%20ack"),
        ("pipeDelimited", False, LIST, "c=blue%7Cbl%20ack"),
        ("deepObject", True, COLOR, "c%5BR%5D=100&c%5BG%5D=200"),
        ("deepObject", True, {"a": {"b": [1, 2]}}, "c%5Ba%5D%5Bb%5D=1&c%5Ba%5D%5Bb%5D=2"),
        ("form", True, "a&b=c/d?e#f 한", "c=a%26b%3Dc%2Fd%3Fe%23f%20%ED%95%9C"),
        ("form", True, True, "c=true"),
        ("form", True, 1.5, "c=1.5"),
        ("form", True, "", "c="),
    ],
)
def test_the_query(style, explode, value, written):
    given = {"name": "c", "in": "query", "style": style}
    given |= {} if explode is None else {"explode": explode}
    assert target({"c": value}, given) == f"/x?{written}"


@pytest.mark.parametrize(
    ("style", "explode", "value", "written"),
    [
        ("simple", False, "a/b c", "a%2Fb%20c"),
        ("simple", False, LIST, "blue,bl%20ack"),
        ("simple", False, COLOR, "R,100,G,200"),
        ("simple", True, COLOR, "R=100,G=200"),
        ("label", False, LIST, ".blue,bl%20ack"),
        ("label", True, LIST, ".blue.bl%20ack"),
        ("label", True, COLOR, ".R=100.G=200"),
        ("matrix", False, "blue", ";c=blue"),
        ("matrix", False, LIST, ";c=blue,bl%20ack"),
        ("matrix", True, LIST, ";c=blue;c=bl%20ack"),
        ("matrix", True, COLOR, ";R=100;G=200"),
        ("matrix", False, COLOR, ";c=R,100,G,200"),
    ],
)
def test_the_path(style, explode, value, written):
    given = {"name": "c", "in": "path", "style": style, "explode": explode, "required": True}
    assert target({"c": value}, given, path="/a/{c}/b") == f"/a/{written}/b"


@pytest.mark.parametrize(
    "value", ["", ".", "..", [], "../admin", "a/../../admin", "..\\x", "..;/x"]
)
def test_no_argument_is_a_step_in_the_path(value):
    given = {"name": "c", "in": "path", "required": True}
    with pytest.raises(BadArguments):
        target({"c": value}, given, path="/a/{c}/b")


def test_headers_and_cookies():
    given = [
        {"name": "X-List", "in": "header"},
        {"name": "X-Object", "in": "header", "explode": True},
        {"name": "lang", "in": "cookie"},
        {"name": "Authorization", "in": "header"},
        {"name": "Host", "in": "header"},
    ]
    made = operation(*given)
    assert [*made.parameters["properties"]] == ["X-List", "X-Object", "lang"]
    request = request_of(made, {"X-List": [1, 2], "X-Object": {"a": 1}, "lang": "k;o"})
    sent = {name: request.headers[name] for name in ("X-List", "X-Object", "Cookie")}
    assert sent == {"X-List": "1,2", "X-Object": "a=1", "Cookie": "lang=k%3Bo"}


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\x00", "한"])
def test_no_argument_adds_a_header(value):
    with pytest.raises(BadArguments):
        request_of(operation({"name": "X-A", "in": "header"}), {"X-A": value})


def test_a_parameter_with_a_media_type_is_json():
    given = {"name": "filter", "in": "query", "content": {"application/json": {"schema": {}}}}
    assert target({"filter": {"a": 1}}, given) == "/x?filter=%7B%22a%22%3A%201%7D"


def test_reserved_characters_may_be_kept():
    given = {"name": "p", "in": "query", "allowReserved": True}
    assert target({"p": "a/b:c&d#e"}, given) == "/x?p=a/b:c%26d%23e"


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("content", "value", "body"),
    [
        ({"application/json": {}}, {"a": "한"}, '{"a": "한"}'),
        ({"application/json": {}}, None, "null"),
        ({"application/merge-patch+json": {}}, [1], "[1]"),
        (
            {FORM: {}},
            {"a": "x y&", "b": [1, 2], "c": {"d": 1}},
            "a=x+y%26&b=1&b=2&c=%7B%22d%22%3A1%7D",
        ),
        (
            {FORM: {"encoding": {"b": {"explode": False}, "c": {"style": "deepObject"}}}},
            {"b": [1, 2], "c": {"d": 1}},
            "b=1,2&c%5Bd%5D=1",
        ),
        ({"text/plain": {}}, "plain 한", "plain 한"),
        ({"image/png": {}, FORM: {}, "application/json": {}}, 1, "1"),
    ],
)
def test_bodies(content, value, body):
    request = request_of(operation(body=content), {"body": value})
    assert request.body is not None
    assert request.body.decode() == body


def test_a_form_in_parts():
    made = operation(body={"multipart/form-data": {}})
    request = request_of(made, {"body": {'a"b': "x", "c": [1, 2]}})
    boundary = request.headers["Content-Type"].partition("boundary=")[2]
    parts = (request.body or b"").decode().split(f"--{boundary}")
    assert len(parts) == 5
    assert parts[1] == '\r\nContent-Disposition: form-data; name="a_b"\r\n\r\nx\r\n'
    assert parts[4] == "--\r\n"


def test_arguments_together_are_no_step_in_the_path():
    given = [{"name": name, "in": "path", "required": True} for name in "ab"]
    with pytest.raises(BadArguments):
        target({"a": "x/.", "b": "./y"}, *given, path="/a/{a}{b}")


def test_what_can_not_be_encoded_is_replaced():
    given = {"name": "q", "in": "query"}
    assert target(arguments_in(r'{"q": "\ud800"}'), given) == "/x?q=%EF%BF%BD"


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "1", '"x"', "{", "null", '{"a": NaN}', '{"a": 1e400}'),
        '{"a": ' + "[" * 200 + "]" * 200 + "}",
        '{"a": ' + '{"a": ' * 900 + "1" + "}" * 901,
    ],
)
def test_arguments_are_an_object(text):
    with pytest.raises(BadArguments):
        arguments_in(text)


def test_no_arguments_are_an_empty_object():
    assert arguments_in("") == {}
    assert json.loads('{"a": 1}') == arguments_in('{"a": 1}')
