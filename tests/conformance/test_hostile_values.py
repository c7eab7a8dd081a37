"""Values that mean harm in requests that don't: kept as they are, and never acted on."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from app.engine.images import NOT_HERE
from tests.support.forms import BOUNDARY, HEADERS, field, file_part, form, part
from tests.support.hostile_server import Target, target_server
from tests.support.hostile_wire import ask, sized
from tests.support.talk import ended, error_of

TEXTS = {
    "a header": "x\r\nSet-Cookie: session=stolen\r\n\r\n<html>",
    "SQL": "'); DROP TABLE threads; -- \" ` \\",
    "formats": "%s %n %(name)s {0} {name} {{7*7}} ${jndi:ldap://127.0.0.1/a} #{1}",
    "a page": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "a path": "../../../../etc/passwd",
    "control characters": "".join(map(chr, [*range(1, 32), *range(127, 160)])),
    "text that turns": "\u202egpj.exe \u2066\u2069 \u200b\u200d\ufeff",
    "no characters": "\ufffe\uffff\U0001ffff\U0010ffff",
    "many marks": "ก" + "็" * 200,
    "half of it composed": "가 \u1100\u1161 e\u0301 é ﷺ 😀👩‍👩‍👧",
}
# As a part of it, most texts would be too long.
STREAM_END = "data: [DONE]\n\nevent: done\ndata: [DONE]\n\n"
PURPOSE = field("purpose", "assistants")


@pytest.fixture(scope="module")
def target(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target_server(database_kind, tmp_path_factory.mktemp("values")) as target:
        yield target


@pytest.fixture
def http(target: Target) -> httpx.Client:
    return target.caller.http


@pytest.mark.parametrize("what", TEXTS)
def test_a_text_comes_back_as_it_was_said(target: Target, http: httpx.Client, what):
    text = TEXTS[what]
    body: dict[str, Any] = {"model": "m", "name": text, "metadata": {text[:64]: text}}
    made = http.post("/assistants", json=body)
    assert made.json()["name"] == text
    assert made.json()["metadata"] == {text[:64]: text}
    assert http.get(f"/assistants/{made.json()['id']}").json() == made.json()
    assert "set-cookie" not in made.headers
    said = http.post("/chat", json={"message": text, "metadata": {"k": text}})
    assert said.status_code == 200
    assert target.upstream.requests[-1].body["input"][-1]["content"][0]["text"] == text
    assert "set-cookie" not in said.headers


@pytest.mark.parametrize("what", TEXTS)
def test_a_models_name_stays_in_the_body_that_asks_it(target: Target, http: httpx.Client, what):
    name = TEXTS[what][:256]
    path = f"/threads/{target.ids['thread_id']}/runs"
    run = http.post(path, json={"assistant_id": target.ids["assistant_id"], "model": name}).json()
    assert ended(http, f"{path}/{run['id']}")["model"] == name
    asked = target.upstream.requests[-1]
    assert asked.body["model"] == name
    assert "set-cookie" not in asked.headers


def test_a_text_ends_no_stream(http: httpx.Client):
    events = http.post("/chat", json={"message": STREAM_END, "stream": True}).text
    # Each event is one line of JSON: what looks like another stands in it, its line ends escaped.
    assert "\ndata: [DONE]" not in events
    assert events.count("\nevent: message\n") == 1


@pytest.mark.parametrize("given", [*TEXTS.values(), "x" * 100_000], ids=[*TEXTS, "100 KB"])
def test_an_id_in_a_body_names_nothing(target: Target, http: httpx.Client, given):
    thread = target.ids["thread_id"]
    with target.unmoved():
        for path, body in [
            ("/chat", {"message": "x", "thread_id": given}),
            ("/chat", {"message": "x", "assistant_id": given}),
            (f"/threads/{thread}/runs", {"assistant_id": given}),
            ("/threads/runs", {"assistant_id": given}),
            ("/vector_stores", {"file_ids": [given]}),
            (f"/vector_stores/{target.ids['vector_store_id']}/files", {"file_id": given}),
        ]:
            answer = http.post(path, json=body)
            assert answer.status_code in (400, 404), path
            assert "set-cookie" not in answer.headers


# Pictures: what they name is for the model to look at


@contextmanager
def trap() -> Iterator[str]:
    """Listen on loopback, give the address, and fail if anybody calls."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def picture(url: str) -> dict[str, Any]:
    part = {"type": "image_url", "image_url": {"url": url}}
    return {"role": "user", "content": [{"type": "text", "text": "What is it?"}, part]}


def looked_at(http: httpx.Client, message: dict[str, Any]) -> None:
    """Run a thread with this message, by each of the ways in which one can come into it."""
    for body in (
        {"thread": {"messages": [message]}},
        {"thread": {"messages": [message]}, "stream": True},
    ):
        answer = http.post("/threads/runs", json={"assistant_id": "asst_default", **body})
        assert answer.status_code == 200, answer.text
        if "stream" not in body:
            run = answer.json()
            path = f"/threads/{run['thread_id']}/runs/{run['id']}"
            assert ended(http, path)["status"] == "completed"


def test_a_pictures_url_is_for_the_model_alone(target: Target, http: httpx.Client):
    with trap() as address:
        url = f"{address}/picture.png"
        looked_at(http, picture(url))
        *_, shown = target.upstream.requests[-1].body["input"][-1]["content"]
        assert shown == {"type": "input_image", "image_url": url, "detail": "auto"}


def test_the_demo_model_looks_at_no_picture(start):
    http = start(openai_base_url="", openai_api_key="").http
    with trap() as address:
        looked_at(http, picture(f"{address}/picture.png"))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:5432/",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http://127.0.0.1\r\nHost: elsewhere",
        "//etc/passwd",
        "data:text/html,<script>",
        "x" * 100_000,
    ],
    ids=lambda url: url[:30],
)
def test_the_target_of_an_image_url_is_not_checked(target: Target, http: httpx.Client, url):
    """It is text here; whoever runs the model decides what it may fetch."""
    looked_at(http, picture(url))
    *_, shown = target.upstream.requests[-1].body["input"][-1]["content"]
    assert shown["image_url"] == url


@pytest.mark.parametrize("given", ["../../../etc/passwd", "file:///etc/passwd", "..", "/", "%2e"])
def test_a_pictures_id_is_no_path(target: Target, http: httpx.Client, given):
    part = {"type": "image_file", "image_file": {"file_id": given}}
    looked_at(http, {"role": "user", "content": [part]})
    [shown] = target.upstream.requests[-1].body["input"][-1]["content"]
    assert shown == {"type": "input_text", "text": NOT_HERE}


# Uploads

NESTED = (
    b'--%b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
    b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n"
    b'--inner\r\nContent-Disposition: attachment; filename="b.txt"\r\n\r\nb\r\n--inner--\r\n'
) % BOUNDARY.encode()
FORMS = {
    "10,000 parts": form(*[field("purpose", "assistants")] * 10_000, file_part(b"x")),
    "a part without a name": form(PURPOSE, part(b"form-data", b"x"), file_part(b"x")),
    "a part without a disposition": form(PURPOSE, part(b"", b"x"), file_part(b"x")),
    "a header of a megabyte": form(PURPOSE, file_part(b"x", f'filename="a"; x="{"y" * 10**6}"')),
    "a name of a megabyte": form(field("x" * 10**6, "y"), file_part(b"x")),
    "line ends in a name": form(PURPOSE, file_part(b"x", "filename*=UTF-8''a%0d%0ab.txt")),
    "only an end": f"--{BOUNDARY}--\r\n".encode(),
    "other boundaries": form(PURPOSE, file_part(b"x")).replace(b"between", b"beyond"),
    "packed": b"\x1f\x8b" + form(PURPOSE, file_part(b"x")),
}


@pytest.mark.parametrize("what", FORMS)
def test_a_form_that_means_harm_leaves_nothing(target: Target, what):
    content_type = f"Content-Type: {HEADERS['content-type']}"
    with target.unmoved():
        request = sized("POST", "/files", FORMS[what], content_type)
        answer = ask(target.server.base_url, request)
        assert answer.status == 400
        assert answer.error()["message"]


@pytest.mark.parametrize("name", ["\u202egpj.exe", "a\u2028b.txt", "..", "CON", "a" * 1024])
def test_a_files_name_is_data(http: httpx.Client, name):
    sent = form(PURPOSE, file_part(b"<script>", f'filename="{name}"'))
    made = http.post("/files", content=sent, headers=HEADERS)
    assert made.json()["filename"] == name
    answer = http.get(f"/files/{made.json()['id']}/content")
    assert answer.content == b"<script>"
    # Whatever it is named, a browser saves it and shows nothing of it.
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    http.delete(f"/files/{made.json()['id']}")


def test_a_form_in_a_form_is_a_file_like_any_other(http: httpx.Client):
    sent = form(PURPOSE, NESTED)
    made = http.post("/files", content=sent, headers=HEADERS).json()
    assert made["filename"] == "a.txt"
    assert http.get(f"/files/{made['id']}/content").content.startswith(b"--inner\r\n")


def test_a_packed_form_is_not_unpacked(http: httpx.Client):
    headers = {**HEADERS, "content-encoding": "gzip"}
    for content in (form(PURPOSE, file_part(b"x")), b"\x1f\x8b\x08" + b"\0" * 100):
        error = error_of(http.post("/files", content=content, headers=headers), 415)
        assert error["code"] == "unsupported_content_encoding"
