"""What happens on the recorded server before it is killed: every kind of row comes of it.

`play` returns the scenes, by which the tests of a later release know what to go on with:

    waiting      run and call of a function call that its client has not answered
    interrupted  the run that was killed in the middle of its answer, after a round of functions
    line         the questions behind it on its thread, in their order, with their runs
    visitor      the visitor's thread, and the file that a tool made for it
    searches     queries in a vector store, each with the file that answers it
    words        a word of one thread's messages, and that thread
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.callers import Caller
from tests.support.fake_upstream import FakeUpstream
from tests.support.function_calls import call, function_tools
from tests.support.pictures import PIXEL
from tests.support.releases.folder import SeenEvent
from tests.support.releases.settings import DOCUMENTS, VISITORS
from tests.support.replies import Reply
from tests.support.searches import REFUND, SCHEDULE, SEARCH, search, stores
from tests.support.stores import filled, settled, uploaded
from tests.support.stream_reader import StreamEvent, events_of, following, run_path, streaming
from tests.support.talk import ended
from tests.support.waiting import wait_until

DOCUMENTED = "환불은 사흘 안에 처리됩니다 【0:0†refund.txt】. 더 궁금한 점이 있나요? 😀"
_FUNCTION: dict[str, Any] = {
    "name": "order_status",
    "description": "주문 상태를 조회합니다.",
    "parameters": {"type": "object", "properties": {"order": {"type": "string"}}},
}


@dataclass
class Stage:
    """`interrupted` is what readers had seen of the run that is killed, `asking` who waits."""

    shop: Caller
    desk: Caller
    visitor: Caller
    upstream: FakeUpstream
    aside: ThreadPoolExecutor
    interrupted: list[SeenEvent] = field(default_factory=list)
    asking: list[Future[Any]] = field(default_factory=list)


def play(stage: Stage) -> dict[str, Any]:
    """Play everything; at the end a run is in the middle of its answer, and others wait."""
    scenes = {"words": _chats(stage), **_documents(stage)}
    _endings(stage)
    assistant = {
        "model": "m",
        "name": "주문 도우미",
        "instructions": "주문을 확인하세요.",
        "tools": function_tools(_FUNCTION),
        "metadata": {"팀": "주문"},
        "temperature": 0.5,
    }
    helper = _ok(stage.shop.http.post("/assistants", json=assistant))["id"]
    _answered(stage, helper)
    scenes["waiting"] = _waiting(stage, helper)
    scenes["visitor"] = _visit(stage)
    interrupted = _interrupted(stage, helper)
    scenes["interrupted"] = interrupted
    scenes["line"] = _line(stage, interrupted)
    return scenes


def _chats(stage: Stage) -> dict[str, str]:
    said = _ok(stage.shop.http.post("/chat", json={"message": "안녕하세요, 오늘 여나요?"}))
    again = {"message": "내일은요?\u2028그리고 모레는? 한국어로요.", "metadata": {"순서": "둘"}}
    _ok(stage.shop.http.post("/chat", json={**again, "thread_id": said["thread_id"]}))
    _ok(stage.desk.http.post("/chat", json={"message": "Count this for the desk."}))
    return {"word": "모레는", "thread_id": said["thread_id"]}


def _documents(stage: Stage) -> dict[str, Any]:
    """Fill a store, search it in a streamed run, and attach a file to a thread."""
    client = stage.shop.client
    store_id = client.vector_stores.create(
        name="문서", expires_after={"anchor": "last_active_at", "days": 7}, metadata={"k": "v"}
    ).id
    files = filled(client, store_id, refund=REFUND, schedule=SCHEDULE)
    batch = client.vector_stores.file_batches.create_and_poll(
        store_id,
        file_ids=[uploaded(client, "제목,값\n가격,1000\n", "prices.csv")],
        attributes={"lang": "ko", "page": 3, "draft": False},
    )
    assert settled(client, store_id)["completed"] == 3
    stage.upstream.reply(
        Reply.function_calls(search("환불")), Reply.text("환불은 ", *DOCUMENTED[4:].partition("0:"))
    )
    asked = {
        "assistant_id": DOCUMENTS,
        "thread": {
            "messages": [{"role": "user", "content": "환불은 언제 처리됩니까?"}],
            "metadata": {"주제": "환불"},
            **stores(store_id),
        },
    }
    events_of(stage.shop.http, "/threads/runs", asked)
    client.beta.threads.create(messages=[_attachment(uploaded(client, "첨부한 글", "note.txt"))])
    queries = {"돌려받을 수 있나요?": files["refund"], "playlist": files["schedule"]}
    return {
        "batch": f"/vector_stores/{store_id}/file_batches/{batch.id}",
        "searches": [
            {"store_id": store_id, "query": query, "file_id": file_id}
            for query, file_id in queries.items()
        ],
    }


def _attachment(file_id: str) -> Any:
    attachments = [{"file_id": file_id, "tools": [SEARCH]}]
    return {"role": "user", "content": "무엇이 적혀 있나요?", "attachments": attachments}


def _endings(stage: Stage) -> None:
    """End runs in each of the ways that are not `completed`."""
    http = stage.shop.http
    for reply in (Reply.failed(), Reply.incomplete("여기까지"), Reply.refusal("말할 수 없습니다.")):
        stage.upstream.reply(reply)
        thread = {"messages": [{"role": "user", "content": "말해 주세요."}]}
        run = _ok(http.post("/threads/runs", json={"assistant_id": DOCUMENTS, "thread": thread}))
        ended(http, _path(run))


def _asked_order(assistant_id: str) -> dict[str, Any]:
    thread = {"messages": [{"role": "user", "content": "17번 주문은 어디에 있나요?"}]}
    return {"assistant_id": assistant_id, "thread": thread}


def _calling(stage: Stage, assistant_id: str, call_id: str) -> str:
    """Return the path of a new run that waits for the client to answer the call."""
    stage.upstream.reply(
        Reply.function_calls(call("order_status", call_id, order="17"), reasoning="sealed")
    )
    path = run_path(events_of(stage.shop.http, "/threads/runs", _asked_order(assistant_id)))
    assert stage.shop.http.get(path).json()["status"] == "requires_action"
    return path


def _outputs(call_id: str) -> dict[str, Any]:
    return {"tool_outputs": [{"tool_call_id": call_id, "output": "배송 중"}]}


def _answered(stage: Stage, assistant_id: str) -> None:
    path = _calling(stage, assistant_id, "call_answered")
    stage.upstream.reply(Reply.text("17번 주문은 ", "배송 중입니다."))
    _ok(stage.shop.http.post(f"{path}/submit_tool_outputs", json=_outputs("call_answered")))
    ended(stage.shop.http, path)


def _waiting(stage: Stage, assistant_id: str) -> dict[str, str]:
    return {"run": _calling(stage, assistant_id, "call_waiting"), "call_id": "call_waiting"}


def _visit(stage: Stage) -> dict[str, str]:
    stage.upstream.reply(
        Reply.function_calls(call("code_interpreter", code="draw")),
        Reply.text("그렸습니다: sandbox:/mnt/data/drawing.png"),
    )
    body = {"message": "그려 주세요.", "assistant_id": VISITORS}
    said = _ok(stage.visitor.http.post("/chat", json=body))
    page = _ok(stage.visitor.http.get(f"/threads/{said['thread_id']}/messages"))
    parts = page["data"][0]["content"]
    (file_id,) = [one["image_file"]["file_id"] for one in parts if one["type"] == "image_file"]
    assert stage.visitor.http.get(f"/files/{file_id}/content").content == PIXEL
    return {"thread_id": said["thread_id"], "file_id": file_id}


def _interrupted(stage: Stage, assistant_id: str) -> str:
    """Let a run fall silent in its second round, and keep what a reader has seen of it."""
    http = stage.shop.http
    path = _calling(stage, assistant_id, "call_interrupted")
    # Paced, since deltas are stored half a second after the last commit, when the next one comes.
    words = ("17번 ", "주문은 ", "지금 ", "배송 ", "중입니다.")
    stage.upstream.reply(Reply.text(*words).paced(0.3).stalled(after=7))
    with streaming(http, f"{path}/submit_tool_outputs", _outputs("call_interrupted")) as own:
        while not _ends_with_word("지금 ", event := own.next()):
            assert event is not None
    with following(http, path) as reader:
        while not _ends_with_word("지금 ", event := reader.next()):
            assert event is not None
    stage.interrupted = seen(path, reader.events)
    return path


def _ends_with_word(word: str, event: StreamEvent | None) -> bool:
    if event is None or event.name != "thread.message.delta":
        return False
    return bool(event.data["delta"]["content"][0]["text"]["value"] == word)


def _line(stage: Stage, path: str) -> list[dict[str, str]]:
    """Ask on the thread of the interrupted run: two chats, and a run with its own message."""
    thread_id = path.split("/")[2]
    chats = [("첫째 질문", False), ("둘째 질문", True)]
    line: list[dict[str, str]] = []
    for question, streamed in chats:
        body = {"message": question, "thread_id": thread_id, "stream": streamed}
        stage.asking.append(stage.aside.submit(stage.shop.http.post, "/chat", json=body))
        line.append({"question": question, "run": _newest_run(stage, thread_id, len(line) + 2)})
    more = [{"role": "user", "content": "셋째 질문"}]
    body = {"assistant_id": "asst_default", "additional_messages": more}
    run = _ok(stage.shop.http.post(f"/threads/{thread_id}/runs", json=body))
    return [*line, {"question": "셋째 질문", "run": _path(run)}]


def _newest_run(stage: Stage, thread_id: str, count: int) -> str:
    """Return the path of the thread's newest run once it has so many."""

    def look() -> list[dict[str, Any]] | None:
        found = _ok(stage.shop.http.get(f"/threads/{thread_id}/runs"))["data"]
        return found if len(found) == count else None

    found = wait_until(look)
    assert found is not None
    return _path(found[0])


def seen(path: str, events: list[StreamEvent]) -> list[SeenEvent]:
    return [SeenEvent(path, event.id, event.name, event.data) for event in events]


def _path(run: dict[str, Any]) -> str:
    return f"/threads/{run['thread_id']}/runs/{run['id']}"


def _ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body
