"""The assistants that come with the server: the demo model answers as the shipped analyst."""

from collections.abc import Iterator

import pytest

from tests.support.assistants_files import ANALYST, SHIPPED
from tests.support.databases import fresh_database
from tests.support.server import ThreadServer, thread_server
from tests.support.talk import finished, text_of


@pytest.fixture(scope="module")
def shipped(database_kind, tmp_path_factory) -> Iterator[ThreadServer]:
    """The server as it is without a key."""
    folder = tmp_path_factory.mktemp("shipped")
    settings = {"files_url": str(folder / "files"), "assistants_file": str(SHIPPED)}
    with (
        fresh_database(database_kind, folder) as url,
        thread_server(database_url=url, database_pool_size=2, **settings) as server,
    ):
        yield server


QUESTIONS = [
    ("원격 재시작에 응답이 없으면 어떻게 하나요?", "10초 동안 눌러", "screen-operations.md"),
    ("첫 결제 후 며칠 안에 전액 환불되나요?", "14일 이내", "screen-operations.md"),
    ("월간 리포트는 언제 보내나요?", "매월 3일", "view-analytics.md"),
    ("시청 이벤트는 몇 초부터 기록하나요?", "1.5초 이상", "view-analytics.md"),
    ("연령대는 몇 구간으로 집계하나요?", "다섯 구간", "view-analytics.md"),
]


@pytest.mark.parametrize(("question", "said", "source"), QUESTIONS)
def test_the_analyst_answers_from_its_files(shipped, question, said, source):
    asked = {"message": question, "assistant_id": ANALYST}
    answer = shipped.http.post("/chat", json=asked).json()["message"]
    assert said in answer
    assert answer.endswith(f"【0:0†{source}】")


def test_a_run_of_the_analyst_cites_its_files(shipped):
    question, said, source = QUESTIONS[0]
    thread = shipped.client.beta.threads.create(messages=[{"role": "user", "content": question}])
    assert finished(shipped.client, thread.id, ANALYST).status == "completed"
    (answer, _) = shipped.http.get(f"/threads/{thread.id}/messages").json()["data"]
    assert said in text_of(answer)
    (citation,) = answer["content"][0]["text"]["annotations"]
    cited = shipped.http.get(f"/files/{citation['file_citation']['file_id']}").json()
    assert cited["filename"] == source


def test_the_analyst_calls_the_servers_functions(shipped):
    asked = {"message": "list_screens로 화면을 보여 주세요.", "assistant_id": ANALYST}
    answer = shipped.http.post("/chat", json=asked).json()
    assert "강남역 1번 출구" in answer["message"]
    assert "required_action" not in answer


def test_chat_still_asks_the_default_one(shipped):
    answer = shipped.http.post("/chat", json={"message": QUESTIONS[0][0]}).json()
    run = shipped.http.get(f"/threads/{answer['thread_id']}/runs/{answer['run_id']}").json()
    assert run["assistant_id"] == "asst_default"
