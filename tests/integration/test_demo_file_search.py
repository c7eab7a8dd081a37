"""The demo model searches files, without a key: it quotes what it found and cites it."""

import pytest

from tests.support.searches import (
    REFUND,
    SCHEDULE,
    Library,
    answer,
    asking,
    cited,
    library,
    results,
)
from tests.support.stores import uploaded
from tests.support.stream_reader import events_of
from tests.support.talk import finished


@pytest.fixture
def server(start):
    return start(openai_base_url="", openai_api_key="")


@pytest.fixture
def http(server):
    return server.http


@pytest.fixture
def client(server):
    return server.client


@pytest.fixture
def files(client) -> Library:
    return library(client)


def test_it_quotes_the_passage_with_its_citation(client, http, upstream, files):
    asked = {
        "환불은 언제 처리되나요?": (
            f'[데모 모드] 문서에 이렇게 나와 있습니다: "{REFUND}"',
            "refund",
        ),
        "How often does a schedule repeat?": (
            f'[Demo model] The files say: "{SCHEDULE}"',
            "schedule",
        ),
    }
    for question, (said, name) in asked.items():
        thread = client.beta.threads.create(**asking(question))
        run = finished(client, thread.id, files.assistant_id)
        assert run.status == "completed"
        marker = f"【0:0†{name}.txt】"
        part = answer(http, thread.id)
        assert part["text"]["value"] == f"{said} {marker}"
        assert cited(part) == [(marker, files.files[name])]
        (found,) = results(http, f"/threads/{thread.id}/runs/{run.id}")
        assert found[0]["file_id"] == files.files[name]
    none = client.beta.threads.create(**asking("양자 색역학이란 무엇인가요?"))
    finished(client, none.id, files.assistant_id)
    assert answer(http, none.id)["text"] == {
        "value": "[데모 모드] 문서에서 관련 내용을 찾지 못했습니다.",
        "annotations": [],
    }
    assert upstream.requests == []


def test_it_speaks_of_a_file_that_was_just_brought(client, http, files):
    file_id = uploaded(client, "점검은 매주 화요일 새벽에 합니다.", "점검.txt")
    brought = {"attachments": [{"file_id": file_id, "tools": [{"type": "file_search"}]}]}
    body = {"assistant_id": files.assistant_id, "thread": asking("점검은 언제 하나요?", **brought)}
    events = events_of(http, "/threads/runs", body)
    part = answer(http, events[0].data["id"])
    assert cited(part) == [("【0:0†점검.txt】", file_id)]
    assert "점검은 매주 화요일 새벽에 합니다." in part["text"]["value"]


def test_in_a_chat_too(http, files):
    body = {"message": "환불은 언제 처리되나요?", "assistant_id": files.assistant_id}
    reply = http.post("/chat", json=body).json()
    assert reply["message"].endswith(f'"{REFUND}" 【0:0†refund.txt】')
    # The second turn searches anew: the first one's marker is not in its way.
    again = {**body, "thread_id": reply["thread_id"], "message": "How do schedules repeat?"}
    http.post("/chat", json=again)
    part = answer(http, reply["thread_id"])
    assert cited(part) == [("【0:0†schedule.txt】", files.files["schedule"])]
