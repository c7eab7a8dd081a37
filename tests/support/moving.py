"""A project with objects of every kind, its export, and its import elsewhere."""

import json
from typing import Any

import httpx

from tests.support.fake_upstream import FakeUpstream
from tests.support.function_calls import function_tools
from tests.support.pictures import PIXEL
from tests.support.replies import Reply
from tests.support.searches import SEARCH, library, search
from tests.support.server import ThreadServer
from tests.support.stores import settled, uploaded
from tests.support.talk import finished

_FUNCTION: dict[str, Any] = {"name": "order_status", "description": "주문 상태를 조회합니다."}


def fill(server: ThreadServer, upstream: FakeUpstream) -> None:
    """Create objects of every kind: searches, function calls, failures, files, Korean, order."""
    client, http = server.client, server.http
    files = library(client)
    thread = client.beta.threads.create(
        messages=[{"role": "user", "content": "환불은 언제 처리됩니까?\u2028급해요 😀"}],
        metadata={"주제": "환불"},
    )
    answer = Reply.text("사흘 ", "안에 【0:0†refund.txt】")
    upstream.reply(Reply.function_calls(search("환불")), answer)
    assert finished(client, thread.id, files.assistant_id).status == "completed"

    tools: Any = function_tools(_FUNCTION)
    helper = client.beta.assistants.create(
        model="m", name="주문 도우미", tools=tools, temperature=0.5, metadata={"팀": "주문"}
    )
    waiting = client.beta.threads.create(messages=[{"role": "user", "content": "주문 7번은?"}])
    upstream.reply(Reply.function_calls(("call_1", "order_status", "{}")))
    run = finished(client, waiting.id, helper.id)
    upstream.reply(Reply.incomplete("Your order is "))
    outputs: Any = [{"tool_call_id": "call_1", "output": "배송 중"}]
    run = client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=waiting.id, tool_outputs=outputs
    )
    assert run.status == "incomplete"
    upstream.reply(Reply.failed("server_error"))
    assert finished(client, waiting.id, helper.id).status == "failed"

    picture = client.files.create(file=("그림.png", PIXEL), purpose="vision").id
    note = uploaded(client, "The vault opens with appletree.", "note.txt")
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_file", "image_file": {"file_id": picture}},
    ]
    attached = [{"file_id": note, "tools": [SEARCH]}]
    body = {"messages": [{"role": "user", "content": content, "attachments": attached}]}
    made = http.post("/threads", json=body).json()
    (store_id,) = made["tool_resources"]["file_search"]["vector_store_ids"]
    settled(client, store_id)
    client.beta.threads.create()


def exported(http: httpx.Client, *, content: bool = False) -> bytes:
    answer = http.get("/export", params={"bytes": str(content).lower()})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return answer.content


def imported(http: httpx.Client, lines: bytes, **params: Any) -> dict[str, Any]:
    answer = http.post("/import", content=lines, params=params)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def lines_of(*objects: dict[str, Any]) -> bytes:
    return b"".join(_compact(one) for one in objects)


def objects_in(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines() if line]


def _compact(one: dict[str, Any]) -> bytes:
    return json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
