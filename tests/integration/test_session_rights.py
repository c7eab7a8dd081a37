"""What a browser's session may do: its own conversations, and nothing else."""

import pytest

from app.api.scopes import SESSION_OPERATIONS
from tests.support.belongings import FUNCTION, all_rows, belongings
from tests.support.callers import ORIGIN, session_of
from tests.support.operations import operations
from tests.support.replies import Reply
from tests.support.searches import CONTENT
from tests.support.stream_reader import following, streaming
from tests.support.talk import ended, error_of, texts

KEY = "key-of-the-web-12345"
SETTINGS = {
    "api_keys": [f"web:{KEY}", "shop:key-of-the-shop-1234"],
    "public_chat": True,
    "public_project": "web",
    "public_rate_limit": "",
    "cors_origins": [ORIGIN],
}
# The contract with pages, written down a second time.
ALLOWED = {
    *(
        "retrieve_caller",
        "chat",
        "list_threads",
        "delete_threads",
        "retrieve_thread",
        "delete_thread",
    ),
    *("list_messages", "retrieve_message", "update_message", "delete_message"),
    *("give_feedback", "list_feedback"),
    *("retrieve_handover", "request_handover", "cancel_handover"),
    *("list_runs", "retrieve_run", "follow_run", "cancel_run", "list_steps", "retrieve_step"),
    *("retrieve_file", "retrieve_file_content", "submit_tool_outputs"),
}
# Of files it has only those that a tool made for its threads: `test_tool_seam.py` makes some.
OF_FILES = {"retrieve_file", "retrieve_file_content"}
GUARDED = [
    each
    for each in operations()
    if each.path.startswith("/api/v1/")
    and each.name not in ("health", "ready", "retrieve_access", "create_chat_session")
]


@pytest.fixture(scope="module")
def public(start_shared):
    return start_shared(**SETTINGS)


@pytest.fixture(scope="module")
def project(public, call_shared_as):
    """Who has the key of the project that the sessions' threads belong to."""
    return call_shared_as(public, KEY)


@pytest.fixture(scope="module")
def theirs(project, upstream_server):
    upstream_server.reset()
    return belongings(project, upstream_server)


@pytest.fixture
def visitor(public, call_as):
    return call_as(public, session_of(call_as(public)))


@pytest.fixture
def stranger(public, call_as):
    return call_as(public, session_of(call_as(public)))


def said(visitor, message: str = "hello there", **more) -> dict:
    """Chat, and return the ids that paths have names for."""
    reply = visitor.http.post("/chat", json={"message": message, **more}).json()
    thread_id, run_id = reply["thread_id"], reply["run_id"]
    message_id = visitor.http.get(f"/threads/{thread_id}/messages").json()["data"][0]["id"]
    (step,) = visitor.http.get(f"/threads/{thread_id}/runs/{run_id}/steps").json()["data"]
    return {
        "thread_id": thread_id,
        "run_id": run_id,
        "message_id": message_id,
        "step_id": step["id"],
    }


def test_the_contract_is_what_the_guard_says():
    assert SESSION_OPERATIONS == ALLOWED
    assert {each.name for each in operations()} >= ALLOWED


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_it_may_do_just_that(visitor, theirs, operation, shared_database_url):
    own = {**theirs, **said(visitor)}
    before = all_rows(shared_database_url)
    if operation.name not in ALLOWED:
        # Told before the body is looked at, and whosever the objects are.
        for options in ({}, {"content": b"{", "json": None, "files": None, "data": None}):
            answer = operation.send(visitor.http, own, **options)
            assert error_of(answer, 403)["code"] == "session_not_allowed"
        assert all_rows(shared_database_url) == before
    elif operation.name == "cancel_run":
        error = error_of(operation.send(visitor.http, own))
        assert error["message"] == "Cannot cancel run with status 'completed'."
    elif operation.name == "submit_tool_outputs":
        error = error_of(operation.send(visitor.http, own))
        assert error["message"].startswith('Runs in status "completed" do not accept')
    elif operation.name == "cancel_handover":
        assert error_of(operation.send(visitor.http, own))["code"] == "handover_not_waiting"
    elif operation.name in OF_FILES:
        error_of(operation.send(visitor.http, own), 404)
    else:
        params = {"all": "true"} if operation.name == "delete_threads" else {}
        assert operation.send(visitor.http, own, params=params).is_success


def test_the_figures_are_not_for_it(visitor):
    error = error_of(visitor.http.get(visitor.http.base_url.join("/metrics")), 403)
    assert error["code"] == "session_not_allowed"


@pytest.mark.parametrize(
    "operation", [each for each in GUARDED if each.name in ALLOWED and each.parameters], ids=str
)
@pytest.mark.parametrize("whose", ["another session's", "the project's", "half its own"])
def test_all_other_threads_are_unknown_to_it(
    visitor, stranger, theirs, operation, whose, shared_database_url
):
    # No tool has made a file for the stranger: there it is the project's.
    ids = theirs | (said(stranger) if whose == "another session's" else {})
    if whose == "half its own":
        if len(operation.parameters) == 1:
            return
        ids = {**theirs, "thread_id": said(visitor)["thread_id"]}
    before = all_rows(shared_database_url)
    error = error_of(operation.send(visitor.http, ids), 404)
    place = 0 if whose != "half its own" else 1
    assert ids[operation.parameters[place]] in error["message"]
    assert all_rows(shared_database_url) == before


def test_lists_and_searches_find_its_own_alone(visitor, stranger, project, theirs):
    own = said(visitor, "appletree of mine")
    other = said(stranger, "appletree of a stranger")
    for params in ({}, {"q": "appletree"}, {"order": "asc"}, {"created_after": 1}):
        found = visitor.http.get("/threads", params=params).json()["data"]
        assert [thread["id"] for thread in found] == [own["thread_id"]]
    for cursor in (other["thread_id"], theirs["thread_id"]):
        error_of(visitor.http.get("/threads", params={"after": cursor}), 404)
        error_of(visitor.http.get("/threads", params={"before": cursor}), 404)
    # Who has the key sees them all.
    seen = project.http.get("/threads", params={"q": "appletree"}).json()["data"]
    ids = {thread["id"] for thread in seen}
    assert {own["thread_id"], other["thread_id"], theirs["thread_id"]} <= ids
    assert project.http.get(f"/threads/{own['thread_id']}/messages").is_success


def test_another_projects_key_sees_none_of_it(public, visitor, call_as):
    ids = said(visitor)
    shop = call_as(public, "key-of-the-shop-1234")
    error_of(shop.http.get(f"/threads/{ids['thread_id']}"), 404)
    assert shop.http.get("/threads").json()["data"] == []


def test_it_deletes_no_more_than_its_own(visitor, stranger, project, theirs):
    kept = [said(stranger)["thread_id"], theirs["thread_id"]]
    gone = [said(visitor)["thread_id"] for _ in range(2)]
    answer = visitor.http.delete("/threads", params={"all": "true"}).json()
    assert answer == {
        "object": "thread.list.deleted",
        "deleted": True,
        "count": 2,
        "files": 0,
        "vector_stores": 0,
    }
    for thread_id in gone:
        error_of(project.http.get(f"/threads/{thread_id}"), 404)
    for thread_id in kept:
        assert project.http.get(f"/threads/{thread_id}").is_success


@pytest.mark.parametrize("stream", [False, True])
def test_it_speaks_on_no_thread_but_its_own(visitor, stranger, theirs, upstream, stream):
    own = said(visitor)["thread_id"]
    upstream.requests.clear()
    for thread_id in (said(stranger)["thread_id"], theirs["thread_id"]):
        upstream.requests.clear()
        body = {"message": "let me in", "thread_id": thread_id, "stream": stream}
        error_of(visitor.http.post("/chat", json=body), 404)
        assert upstream.requests == []
    assert visitor.http.post("/chat", json={"message": "again", "thread_id": own}).is_success
    assert [who for who, _ in texts(visitor.http, own)] == ["user", "assistant"] * 2


def test_an_answer_is_rated(visitor, project):
    ids = said(visitor)
    path = f"/threads/{ids['thread_id']}/messages/{ids['message_id']}"
    rated = visitor.http.post(path, json={"metadata": {"rating": "up"}}).json()
    assert rated["metadata"] == {"rating": "up"}
    assert project.http.get(path).json()["metadata"] == {"rating": "up"}
    assert visitor.http.post(path, json={"metadata": {}}).json()["metadata"] == {}


def test_an_answer_is_resumed_and_stopped(visitor, stranger, upstream):
    upstream.reply(Reply.text("One", " two", " three").stalled(after=6))
    with streaming(visitor.http, "/chat", {"message": "count"}) as reader:
        heard = reader.until("delta")
        thread_id, run_id = (reader.response.headers[f"x-{kind}-id"] for kind in ("thread", "run"))
    path = f"/threads/{thread_id}/runs/{run_id}"
    with following(visitor.http, path, after=heard.id) as reader:
        assert reader.until("thread.message.delta").id > heard.id
    error_of(stranger.http.get(f"{path}/events"), 404)
    error_of(stranger.http.post(f"{path}/cancel"), 404)
    assert visitor.http.post(f"{path}/cancel").json()["status"] == "cancelling"
    assert ended(visitor.http, path)["status"] == "cancelled"
    assert upstream.wait_hang_up()


def test_steps_include_what_was_found(visitor):
    ids = said(visitor)
    path = f"/threads/{ids['thread_id']}/runs/{ids['run_id']}/steps"
    assert visitor.http.get(path, params={"include[]": CONTENT}).is_success


def test_a_message_and_a_thread_are_deleted(visitor, project):
    ids = said(visitor)
    thread = f"/threads/{ids['thread_id']}"
    assert visitor.http.delete(f"{thread}/messages/{ids['message_id']}").is_success
    assert [who for who, _ in texts(project.http, ids["thread_id"])] == ["user"]
    assert visitor.http.delete(thread).is_success
    error_of(project.http.get(thread), 404)


def test_it_spends_what_its_project_has(visitor, project):
    before = project.http.get("/usage").json()["total"]["runs"]
    said(visitor)
    assert project.http.get("/usage").json()["total"]["runs"] == before + 1


def test_a_waiting_run_may_be_given_up(visitor, project, upstream):
    """A key answers for the page; the page can stop it."""
    ids = said(visitor)
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    body = {"assistant_id": "asst_default", "tools": [FUNCTION]}
    run = project.http.post(f"/threads/{ids['thread_id']}/runs", json=body).json()
    path = f"/threads/{ids['thread_id']}/runs/{run['id']}"
    assert visitor.http.get(path).is_success
    visitor.http.post(f"{path}/cancel")
    assert ended(visitor.http, path)["status"] == "cancelled"
