"""What an owner sees: conversations, insights, unanswered questions; two projects see nothing of
each other."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from tests.support.callers import ORIGIN, session_of
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.searches import SEARCH, search, stores
from tests.support.talk import error_of
from tests.support.waiting import wait_until

KEYS = {name: f"key-of-the-{name}-123456" for name in ("shop", "cafe")}
NOTHING = {"median": None, "p95": None}


@pytest.fixture
def server(start):
    return start(
        api_keys=[f"{name}:{key}" for name, key in KEYS.items()],
        public_chat=True,
        public_project="shop",
        cors_origins=[ORIGIN],
    )


@pytest.fixture
def shop(server, call_as, upstream):
    return call_as(server, KEYS["shop"]).http


@pytest.fixture
def cafe(server, call_as):
    return call_as(server, KEYS["cafe"]).http


@pytest.fixture
def visitor(server, call_as, upstream):
    return call_as(server, session_of(call_as(server))).http


@pytest.fixture
def searching(shop):
    """The id of an assistant that searches an empty store."""
    store = shop.post("/vector_stores", json={}).json()["id"]
    body = {"model": "m", "tools": [SEARCH], **stores(store)}
    return shop.post("/assistants", json=body).json()["id"]


def asked(http, message, **more) -> dict:
    answer = http.post("/chat", json={"message": message, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def asked_in_vain(http, upstream, assistant_id, message) -> dict:
    upstream.reply(Reply.function_calls(search("anything")))
    return asked(http, message, assistant_id=assistant_id)


def rate(http, said, rating, **more) -> None:
    thread = f"/threads/{said['thread_id']}"
    (answer, *_) = http.get(f"{thread}/messages").json()["data"]
    path = f"{thread}/messages/{answer['id']}/feedback"
    assert http.post(path, json={"rating": rating, **more}).status_code == 200


def listed(http, **params) -> list[str]:
    answer = http.get("/conversations", params=params)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["data"]]


def test_a_conversation_has_counts_ratings_and_flags(shop, upstream, searching):
    said = asked_in_vain(shop, upstream, searching, "Do you sell pianos?")
    asked(shop, "And organs?", thread_id=said["thread_id"])
    rate(shop, said, "down", comment="No answer")
    (one,) = shop.get("/conversations").json()["data"]
    assert one == {
        "id": said["thread_id"],
        "object": "conversation",
        "created_at": one["created_at"],
        "last_activity_at": one["last_activity_at"],
        "metadata": {},
        "visitor_id": None,
        "preview": "Do you sell pianos?",
        "last_message": {"role": "assistant", "preview": "Answer to: And organs?"},
        "messages": 4,
        "answers": 2,
        "assistant_ids": sorted(["asst_default", searching]),
        "ratings": {"up": 0, "down": 1},
        "flags": ["nothing_found"],
    }
    assert shop.get(f"/conversations/{said['thread_id']}").json() == one


def test_filters_find_what_they_say(shop, visitor, upstream, searching):
    vain = asked_in_vain(shop, upstream, searching, "Where are the violins?")["thread_id"]
    liked = asked(shop, "hello")
    rate(shop, liked, "up")
    of_visitor = asked(visitor, "good evening")["thread_id"]
    upstream.reply(Reply.http_error(400))
    assert shop.post("/chat", json={"message": "break"}).status_code >= 400
    broken = listed(shop)[0]
    assert listed(shop, flag="nothing_found") == [vain]
    assert listed(shop, flag="failed") == [broken]
    assert listed(shop, rating="up") == [liked["thread_id"]]
    assert listed(shop, rating="down") == []
    assert listed(shop, assistant_id=searching) == [vain]
    assert listed(shop, visitors="true") == [of_visitor]
    assert listed(shop, q="violin") == [vain]
    assert listed(shop, created_after=2**40) == []
    (one,) = shop.get("/conversations", params={"visitors": "true"}).json()["data"]
    assert listed(shop, visitor_id=one["visitor_id"]) == [of_visitor]
    assert visitor.post(f"/threads/{of_visitor}/handover").status_code == 200
    assert listed(shop, flag="needs_person") == [of_visitor]
    (waiting,) = shop.get("/conversations", params={"flag": "needs_person"}).json()["data"]
    assert waiting["flags"] == ["needs_person"]
    assert shop.post(f"/threads/{of_visitor}/take", json={"name": "Kim"}).status_code == 200
    assert listed(shop, flag="needs_person") == []
    assert listed(shop, limit=2, after=listed(shop)[1]) == listed(shop)[2:4]
    deleted = shop.delete("/threads", params={"visitor_id": one["visitor_id"]}).json()
    assert deleted["count"] == 1
    assert listed(shop, visitors="true") == []


def test_a_run_says_what_it_took(shop, upstream, searching):
    said = asked_in_vain(shop, upstream, searching, "Where?")
    (run,) = shop.get(f"/conversations/{said['thread_id']}/runs").json()["data"]
    assert (run["id"], run["found_nothing"], run["status"]) == (said["run_id"], True, "completed")
    assert 0 <= run["first_text_seconds"] <= run["seconds"] < 60
    assert run["prompt_tokens"] + run["completion_tokens"] == said["usage"]["total_tokens"]


def test_a_search_that_finds_something_is_no_flag(shop, server, call_as, upstream, searching):
    body = {"question": "What do pianos cost?", "answer": "Pianos cost 900 euros."}
    assert shop.post(f"/assistants/{searching}/answers", json=body).status_code == 200
    indexed(shop, searching)
    upstream.reply(Reply.function_calls(search("pianos cost")))
    asked(shop, "What do pianos cost?", assistant_id=searching)
    assert listed(shop, flag="nothing_found") == []


def indexed(http, assistant_id) -> list[dict]:
    path = f"/assistants/{assistant_id}/answers"
    wait_until(
        lambda: all(one["status"] == "completed" for one in http.get(path).json()["data"]), 60
    )
    return http.get(path).json()["data"]


def test_projects_and_visitors_see_nothing_of_it(shop, cafe, visitor, upstream, searching):
    said = asked_in_vain(shop, upstream, searching, "secret question")
    rate(shop, said, "down")
    for path in (f"/conversations/{said['thread_id']}", f"/assistants/{searching}/answers"):
        error_of(cafe.get(path), 404)
        error_of(visitor.get(path), 403)
    error_of(cafe.get(f"/conversations/{said['thread_id']}/runs"), 404)
    assert listed(cafe) == []
    insights = cafe.get("/insights").json()
    assert (insights["data"], insights["total"]["conversations"]) == ([], 0)
    assert cafe.get("/insights/questions").json()["data"] == []
    for path in ("/conversations", "/insights", "/insights/questions"):
        error_of(visitor.get(path), 403)


def test_insights_count_each_day_and_the_whole(shop, visitor, upstream, searching):
    first = asked(visitor, "hello")
    asked(visitor, "again", thread_id=first["thread_id"])
    rate(visitor, first, "up")
    vain = asked_in_vain(shop, upstream, searching, "Where?")
    rate(shop, vain, "down")
    report = shop.get("/insights").json()
    today = datetime.now(UTC).date().isoformat()
    days = {(one["date"], one["assistant_id"]): one for one in report["data"]}
    assert set(days) == {(today, "asst_default"), (today, searching)}
    usual, searched = days[today, "asst_default"], days[today, searching]
    assert [usual[name] for name in ("conversations", "visitors", "answers")] == [1, 1, 2]
    assert [usual[name] for name in ("failures", "nothing_found")] == [0, 0]
    assert [usual[name] for name in ("thumbs_up", "thumbs_down")] == [1, 0]
    assert [searched[name] for name in ("visitors", "nothing_found", "thumbs_down")] == [0, 1, 1]
    for times in (usual["response"], usual["first_text"], report["total"]["response"]):
        assert 0 <= times["median"] <= times["p95"] < 60
    total = report["total"]
    assert [total[name] for name in ("conversations", "visitors", "answers")] == [2, 1, 3]
    (day,) = report["days"]
    assert {**total, "object": "insight.day", "date": today} == day
    usage = shop.get("/usage").json()["total"]
    assert (
        total["prompt_tokens"]
        == usage["prompt_tokens"]
        == sum(one["prompt_tokens"] for one in report["data"])
    )
    (only,) = shop.get("/insights", params={"assistant_id": searching}).json()["data"]
    assert only == searched


def test_times_are_percentiles_of_what_occurred(shop, database_url):
    ids = [asked(shop, "hello")["run_id"] for _ in range(20)]
    with connected(database_url) as connection:
        for number, run_id in enumerate(ids, 1):
            connection.execute(
                text(
                    "UPDATE runs SET began_ms = ended_ms - :took, "
                    "first_text_ms = ended_ms - :took + :first WHERE id = :id"
                ),
                {"id": run_id, "took": number * 1000, "first": number * 10},
            )
    total = shop.get("/insights").json()["total"]
    assert total["response"] == {"median": 10.0, "p95": 19.0}
    assert total["first_text"] == {"median": 0.1, "p95": 0.19}


@pytest.mark.parametrize(
    "params",
    [
        {"start_date": "2026-01-02", "end_date": "2026-01-01"},
        {"start_date": "2020-01-01", "end_date": "2026-01-01"},
        {"start_date": "yesterday"},
    ],
)
def test_a_period_must_make_sense(shop, params):
    for path in ("/insights", "/insights/questions"):
        error_of(shop.get(path, params=params), 400)


def test_unanswered_questions_are_grouped(shop, upstream, searching):
    for question in ("How much is a grand piano?", "how much are grand pianos", "Where is it?"):
        asked_in_vain(shop, upstream, searching, question)
    bad = asked(shop, "그랜드 피아노는 얼마예요?")
    rate(shop, bad, "down", comment="틀려요")
    rate(shop, asked(shop, "fine"), "up")
    report = shop.get("/insights/questions").json()
    first, *others = report["data"]
    assert (first["question"], first["count"]) == ("how much are grand pianos", 2)
    assert (first["nothing_found"], first["thumbs_down"]) == (2, 0)
    assert {one["question"] for one in others} == {"Where is it?", "그랜드 피아노는 얼마예요?"}
    (korean,) = [one for one in others if one["thumbs_down"]]
    assert korean["examples"][0]["thread_id"] == bad["thread_id"]
    assert korean["examples"][0]["comment"] == "틀려요"
    assert (report["examined"], report["complete"]) == (4, True)


def test_a_question_is_answered_until_its_answer_is_deleted(shop, upstream, searching):
    def answers() -> dict[str, dict | None]:
        found = shop.get("/insights/questions").json()["data"]
        return {one["question"]: one["answer"] for one in found}

    other = shop.post("/assistants", json={"model": "m"}).json()["id"]
    for question in ("What does a grand piano cost?", "Do you repair violins?"):
        asked_in_vain(shop, upstream, searching, question)
    body = {"question": "The cost of grand pianos", "answer": "900 euros."}
    # What another assistant knows is no answer of this one.
    shop.post(f"/assistants/{other}/answers", json=body).raise_for_status()
    assert {*answers().values()} == {None}
    path = f"/assistants/{searching}/answers"
    made = shop.post(path, json=body).json()
    found = answers()
    assert found["Do you repair violins?"] is None
    assert found["What does a grand piano cost?"] == {
        **{name: made[name] for name in ("id", "assistant_id", "question", "created_at")},
        "asked_since": 0,
    }
    shop.delete(f"{path}/{made['id']}").raise_for_status()
    assert {*answers().values()} == {None}


def test_the_right_answer_is_found_changed_and_deleted(shop, upstream):
    assistant = shop.post("/assistants", json={"model": "m", "name": "Shop"}).json()["id"]
    path = f"/assistants/{assistant}/answers"
    body = {"question": "언제 열어요?\n", "answer": "매일 10시에 엽니다."}
    made = shop.post(path, json=body).json()
    assert (made["question"], made["answer"]) == ("언제 열어요?", "매일 10시에 엽니다.")
    changed = shop.get(f"/assistants/{assistant}").json()
    assert changed["tool_resources"]["file_search"]["vector_store_ids"] == [made["vector_store_id"]]
    assert [tool["type"] for tool in changed["tools"]] == ["file_search"]
    (one,) = indexed(shop, assistant)
    assert one == {**made, "status": "completed"}
    upstream.reply(Reply.function_calls(search("언제 열어요")))
    said = asked(shop, "언제 열어요?", assistant_id=assistant)
    steps = f"/threads/{said['thread_id']}/runs/{said['run_id']}/steps"
    (*_, call) = shop.get(steps).json()["data"]
    (result,) = call["step_details"]["tool_calls"][0]["file_search"]["results"]
    assert (result["file_id"], result["file_name"]) == (made["file_id"], "언제 열어요.md")
    updated = shop.post(f"{path}/{made['id']}", json={"answer": "9시에 엽니다."}).json()
    assert (updated["id"], updated["question"]) == (made["id"], "언제 열어요?")
    assert updated["file_id"] != made["file_id"]
    error_of(shop.get(f"/files/{made['file_id']}"), 404)
    assert [each["answer"] for each in indexed(shop, assistant)] == ["9시에 엽니다."]
    assert shop.delete(f"{path}/{made['id']}").json()["deleted"] is True
    assert shop.get(path).json()["data"] == []
    error_of(shop.get(f"{path}/{made['id']}"), 404)


def test_answers_are_listed_in_pages(shop):
    assistant = shop.post("/assistants", json={"model": "m"}).json()["id"]
    path = f"/assistants/{assistant}/answers"
    ids = [
        shop.post(path, json={"question": f"Question {number}", "answer": "x"}).json()["id"]
        for number in range(3)
    ]
    page = shop.get(path, params={"limit": 2}).json()
    assert ([one["id"] for one in page["data"]], page["has_more"]) == ([ids[2], ids[1]], True)
    rest = shop.get(path, params={"limit": 2, "after": page["last_id"]}).json()
    assert [one["id"] for one in rest["data"]] == [ids[0]]


def test_a_configured_assistant_is_not_changed(shop):
    body = {"question": "x", "answer": "y"}
    error = error_of(shop.post("/assistants/asst_default/answers", json=body), 400)
    assert error["code"] == "assistant_is_configured"
    assert shop.get("/assistants/asst_default/answers").json()["data"] == []
    for wrong in ({"question": "", "answer": "y"}, {"question": "x" * 501, "answer": "y"}):
        error_of(shop.post("/assistants/asst_default/answers", json=wrong), 400)
