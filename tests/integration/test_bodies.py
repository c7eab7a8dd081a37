"""Bodies as other programs send them: in odd encodings, packed, as PHP writes "nothing"."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.action_documents import weather
from tests.support.administration import ADMIN_KEY, Admin
from tests.support.operations import operations
from tests.support.replies import Reply
from tests.support.stream_reader import events_of
from tests.support.talk import ended, error_of, texts

JSON = {"content-type": "application/json"}
FUNCTION = {"type": "function", "function": {"name": "f"}}
# Bodies that needn't say anything, by what is made first.
EMPTY = (
    "/threads",
    "/threads/{thread}",
    "/threads/{thread}/messages/{message}",
    "/threads/{thread}/runs/{run}",
    "/assistants/{assistant}",
    "/vector_stores",
    "/vector_stores/{store}",
    "/threads/{thread}/handover",
    "/actions/{action}",
    "/notification_targets/{target}",
)
REQUIRED = {
    "/assistants": "model",
    "/threads/runs": "assistant_id",
    "/threads/{thread}/messages": "role",
    "/threads/{thread}/runs": "assistant_id",
    "/threads/{thread}/runs/{run}/submit_tool_outputs": "tool_outputs",
    "/vector_stores/{store}/search": "query",
    "/vector_stores/{store}/files": "file_id",
    "/vector_stores/{store}/file_batches": "file_ids",
    "/chat": "message",
    "/threads/{thread}/messages/{message}/feedback": "rating",
    "/threads/{thread}/take": "name",
    "/threads/{thread}/reply": "content",
    "/assistants/{assistant}/answers": "question",
    "/actions": "name",
    "/actions/{action}/call": "operation",
    "/notification_targets": "type",
}
# UTF-8 with a mark, as PowerShell and C# write it, and whatever else a client names.
ENCODED = {
    "a mark": ("", "utf-8-sig"),
    "UTF-16": ("", "utf-16"),
    "UTF-32": ("", "utf-32"),
    "UTF-16 that is said": ("; charset=utf-16", "utf-16-le"),
    "UTF-16BE that is said": ('; charset="UTF-16BE"', "utf-16-be"),
    "EUC-KR": ("; charset=euc-kr", "euc-kr"),
    "CP949": ("; charset=ks_c_5601-1987", "euc-kr"),
    "UTF-8 under another name": ("; charset=iso-8859-1", "utf-8"),
    "UTF-8 under no name": ("; charset=nonsense", "utf-8"),
    "UTF-8 under a codec's name": ("; charset=zlib", "utf-8"),
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "identity": bytes,
}


@pytest.fixture
def action(http):
    made = http.post("/actions", json={"name": "weather", "document": weather()}).json()["id"]
    yield made
    http.delete(f"/actions/{made}")


@pytest.fixture
def target(http):
    body = {"type": "webhook", "address": "https://shop.example.com/hook"}
    made = http.post("/notification_targets", json=body).json()["id"]
    yield made
    http.delete(f"/notification_targets/{made}")


@pytest.fixture
def places(http, upstream, action, target):
    events = events_of(
        http,
        "/threads/runs",
        {
            "assistant_id": "asst_default",
            "thread": {"messages": [{"role": "user", "content": "?"}]},
        },
    )
    run = next(event.data for event in events if event.name == "thread.run.completed")
    messages = http.get(f"/threads/{run['thread_id']}/messages").json()
    return {
        "thread": run["thread_id"],
        "run": run["id"],
        "message": messages["first_id"],
        "assistant": http.post("/assistants", json={"model": "m"}).json()["id"],
        "store": http.post("/vector_stores", json={}).json()["id"],
        "action": action,
        "target": target,
    }


@pytest.mark.parametrize(
    ("body", "headers"), [(b"[]", JSON), (b" [ ]\n", JSON), (b"[]\n", {}), (b"{}", {}), (b"", JSON)]
)
def test_an_empty_list_says_nothing(http, places, body, headers):
    for path in EMPTY:
        answer = http.post(path.format_map(places), content=body, headers=headers)
        assert answer.status_code == 200, (path, answer.text)


def test_an_empty_list_leaves_out_what_is_required(http, places):
    for path, missing in REQUIRED.items():
        error = error_of(http.post(path.format_map(places), content=b"[]", headers=JSON))
        assert error["message"] == f"Missing required parameter: '{missing}'.", path
        assert error["code"] == "missing_required_parameter"


def test_every_operation_with_a_body_is_named_above():
    with_json = {
        each.path for each in operations() if "json" in each.content and not each.is_administrative
    }
    # A session needs a page, attributes a file in a store, and these something that is made first.
    others = ("/chat/sessions", "attributes", "draft", "publish", "an answer")
    assert len(with_json) == len(EMPTY) + len(REQUIRED) + len(others)


def test_an_empty_list_says_nothing_to_an_administrator(start, call_as):
    admin = Admin(start(admin_key=ADMIN_KEY), call_as)
    admin.project("cafe")
    key = admin.key("cafe")
    changed = ("/admin/projects/cafe", f"/admin/keys/{key['id']}")
    for path in changed:
        assert admin.http.post(path, content=b"[]", headers=JSON).status_code == 200, path
    required = {
        "/admin/projects": "name",
        "/admin/projects/cafe/keys": "name",
        "/admin/origins": "origin",
    }
    for path, missing in required.items():
        error = error_of(admin.http.post(path, content=b"[]", headers=JSON))
        assert error["message"] == f"Missing required parameter: '{missing}'.", path
    named = [each for each in operations() if "json" in each.content and each.is_administrative]
    assert len(named) == len(changed) + len(required)


def test_an_empty_list_changes_no_draft_and_no_answer(http, places):
    path = f"/assistants/{places['assistant']}"
    error = error_of(http.put(f"{path}/draft", content=b"[]", headers=JSON))
    assert error["message"] == "Missing required parameter: 'model'."
    http.put(f"{path}/draft", json={"model": "m"})
    assert http.post(f"{path}/publish", content=b"[]", headers=JSON).status_code == 200
    answer = {"question": "When?", "answer": "At nine."}
    made = http.post(f"{path}/answers", json=answer).json()["id"]
    http.post(f"{path}/answers/{made}", content=b"[]", headers=JSON)
    assert http.get(f"{path}/answers/{made}").json()["answer"] == "At nine."


def test_a_cancel_takes_an_empty_list(http, upstream):
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    body = {"assistant_id": "asst_default", "tools": [FUNCTION], **_thread("?")}
    run = events_of(http, "/threads/runs", body)[-2].data
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    answer = http.post(f"{path}/cancel", content=b"[]", headers=JSON)
    assert answer.json()["status"] == "cancelling"


@pytest.mark.parametrize("what", ENCODED)
def test_a_text_in_another_encoding(http, what):
    charset, encoding = ENCODED[what]
    body = json.dumps({"metadata": {"이름": "한빛 카페"}}, ensure_ascii=False).encode(encoding)
    headers = {"content-type": f"application/json{charset}"}
    thread = http.post("/threads", content=body, headers=headers).json()
    assert thread["metadata"] == {"이름": "한빛 카페"}
    assert http.get(f"/threads/{thread['id']}").json() == thread


@pytest.mark.parametrize(
    ("charset", "body", "reason"),
    [
        ("", '{"metadata": {"a": "한글"}}'.encode("cp949"), "The body is not UTF-8"),
        ("; charset=nonsense", '{"metadata": {"a": "한"}}'.encode("cp949"), "is not UTF-8"),
        ("; charset=idna", b'{"metadata": {"a": "\xff"}}', "The body is not UTF-8"),
        ("; charset=euc-kr", b'{"metadata": {"a": "\xff\xff"}}', "is not valid euc_kr"),
        ("; charset=utf-16", b"{}{", "is not valid utf-16"),
        ("", b"\xff\xfe{\0}", "is not valid utf-16-le"),
    ],
)
def test_a_text_that_cannot_be_read_says_why(http, charset, body, reason):
    headers = {"content-type": f"application/json{charset}"}
    error = error_of(http.post("/threads", content=body, headers=headers))
    assert error["message"].startswith("We could not parse the JSON body of your request.")
    assert reason in error["message"]


@pytest.mark.parametrize("encoding", PACKED)
def test_a_packed_body_is_read(http, encoding):
    body = PACKED[encoding](b'{"metadata": {"k": "v"}}')
    answer = http.post("/threads", content=body, headers={**JSON, "content-encoding": encoding})
    assert answer.json()["metadata"] == {"k": "v"}


def test_a_body_packed_in_other_ways(http):
    headers = {**JSON, "content-encoding": "deflate"}
    packer = zlib.compressobj(wbits=-15)
    bare = packer.compress(b'{"metadata": {"k": "v"}}') + packer.flush()
    assert http.post("/threads", content=bare, headers=headers).json()["metadata"] == {"k": "v"}
    two = gzip.compress(b'{"metadata": ') + gzip.compress(b'{"k": "v"}}')
    headers = {**JSON, "content-encoding": "gzip"}
    assert http.post("/threads", content=two, headers=headers).json()["metadata"] == {"k": "v"}
    assert http.post("/threads", content=b"", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"{}", gzip.compress(b"{}", mtime=0)[:-9], b"\x1f\x8b"],
    ids=["plain", "cut off", "no more than a mark"],
)
def test_a_body_that_is_not_packed_as_it_says(http, body):
    headers = {**JSON, "content-encoding": "gzip"}
    error = error_of(http.post("/threads", content=body, headers=headers))
    assert error["code"] == "invalid_content_encoding"
    assert "gzip" in error["message"]


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x" * 5000])
def test_an_encoding_that_is_not_read(http, encoding):
    headers = {**JSON, "content-encoding": encoding}
    answer = http.post("/threads", content=b"{}", headers=headers)
    error = error_of(answer, 415)
    assert error["code"] == "unsupported_content_encoding"
    assert encoding[:64] in error["message"]
    assert answer.headers["accept-encoding"] == "gzip, deflate"


def test_a_packed_upload_is_not_read(http):
    form = {"files": {"file": ("a.txt", b"x")}, "data": {"purpose": "assistants"}}
    answer = http.post("/files", **form, headers={"content-encoding": "gzip"})
    assert error_of(answer, 415)["code"] == "unsupported_content_encoding"


@pytest.mark.parametrize("members", [1, 200])
def test_a_bomb_is_refused(http, members):
    # 5 MB a member, where 4 MB are taken; or as much again with every further one.
    bomb = gzip.compress(b" " * (5_000_000 // members)) * members
    headers = {**JSON, "content-encoding": "gzip"}
    error = error_of(http.post("/threads", content=bomb, headers=headers), 413)
    assert error["code"] == "request_too_large"


# Text that no database takes


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (r"a\u0000b", "a\ufffdb"),
        ("a\0b", "a\ufffdb"),
        (r"half \ud83d", "half \ufffd"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\ud83d\ude00", "😀"),
        (r"\\u0000 \\ud83d", r"\u0000 \ud83d"),
    ],
)
def test_text_that_cannot_be_kept_is_replaced(http, sent, kept):
    message = f'{{"role": "user", "content": "x{sent}", "metadata": {{"k{sent}": "v{sent}"}}}}'
    body = f'{{"messages": [{message}], "metadata": {{"k{sent}": "v{sent}"}}}}'
    thread = http.post("/threads", content=body.encode(), headers=JSON).json()
    (said,) = http.get(f"/threads/{thread['id']}/messages").json()["data"]
    assert thread["metadata"] == said["metadata"] == {f"k{kept}": f"v{kept}"}
    assert said["content"][0]["text"]["value"] == f"x{kept}"
    assert http.get(f"/threads/{thread['id']}").json() == thread


def test_an_assistants_words_are_kept_likewise(http):
    sent = rb"a\u0000\udfff"
    body = b'{"model": "m", "name": "%b", "instructions": "%b", "description": "%b"}' % (
        (sent,) * 3
    )
    made = http.post("/assistants", content=body, headers=JSON).json()
    assert [made[field] for field in ("name", "instructions", "description")] == [
        "a\ufffd\ufffd"
    ] * 3


@pytest.mark.parametrize("stream", [False, True])
def test_a_tools_output_never_holds_up_a_run(http, upstream, stream):
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")), Reply.text("Done."))
    body = {"assistant_id": "asst_default", "tools": [FUNCTION], **_thread("?")}
    run = events_of(http, "/threads/runs", body)[-2].data
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    outputs = rb'[{"tool_call_id": "call_1", "output": "\u0000 PDF \ud83d"}]'
    said = b'{"tool_outputs": %b, "stream": %b}' % (outputs, json.dumps(stream).encode())
    answer = http.post(f"{path}/submit_tool_outputs", content=said, headers=JSON)
    assert answer.status_code == 200, answer.text
    assert ended(http, path)["status"] == "completed"
    (output,) = [item for item in upstream.requests[-1].body["input"] if "output" in item]
    assert output["output"] == "\ufffd PDF \ufffd"


def test_a_chat_with_half_an_emoji(http, upstream):
    answer = http.post("/chat", content=rb'{"message": "hi \ud83d"}', headers=JSON).json()
    assert texts(http, answer["thread_id"])[0] == ("user", "hi \ufffd")


def test_a_query_finds_what_was_replaced(http):
    body = b'{"metadata": {"nul": "a\\u0000b"}}'
    thread = http.post("/threads", content=body, headers=JSON).json()
    page = http.get("/threads?metadata[nul]=a%00b").json()
    assert [one["id"] for one in page["data"]] == [thread["id"]]


# Other ways to say the same


@pytest.mark.parametrize("where", ["message", "thread", "additional"])
def test_an_image_may_be_its_address_alone(http, upstream, where):
    part = {"type": "image_url", "image_url": "https://example.com/a.png"}
    message = {"role": "user", "content": [part]}
    thread = http.post("/threads", json={"messages": [message] if where == "thread" else []}).json()
    path = f"/threads/{thread['id']}"
    if where == "message":
        http.post(f"{path}/messages", json=message)
    run: dict[str, Any] = {"assistant_id": "asst_default"}
    if where == "additional":
        run["additional_messages"] = [message]
    ended(http, f"{path}/runs/{http.post(f'{path}/runs', json=run).json()['id']}")
    (_, kept) = http.get(f"{path}/messages").json()["data"]
    assert kept["content"] == [
        {"type": "image_url", "image_url": {"url": part["image_url"], "detail": "auto"}}
    ]
    (said,) = upstream.requests[0].body["input"]
    assert said["content"][0]["image_url"] == part["image_url"]


@pytest.mark.parametrize(
    ("url", "code"), [("", "empty_string"), (5, "invalid_type"), ([], "invalid_type")]
)
def test_an_image_without_an_address(http, thread_id, url, code):
    content = [{"type": "image_url", "image_url": url}]
    answer = http.post(f"/threads/{thread_id}/messages", json={"role": "user", "content": content})
    error = error_of(answer)
    assert error["code"] == code
    assert error["param"].startswith("content[0].image_url")


def _thread(text: str) -> dict:
    return {"thread": {"messages": [{"role": "user", "content": text}]}}
