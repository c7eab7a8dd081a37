"""What belongs to a project is to all others as if it were not there, in every operation."""

import pytest

from tests.support.belongings import all_rows, belongings, unknown
from tests.support.operations import operations
from tests.support.talk import error_of

KEYS = ["shop:key-of-the-shop-1", "shop:key-of-the-shop-2", "cafe:key-of-the-cafe-1", "a-bare-key"]
INTRUDERS = {"cafe": "key-of-the-cafe-1", "bare": "a-bare-key"}
# Models are everybody's: settings name them.
BY_ID = [
    each
    for each in operations()
    if each.parameters and each.name != "retrieve_model" and not each.is_administrative
]
# The objects in each list, by the names that paths have for their ids.
LISTED = {
    "list_actions": "action_id",
    "list_assistants": "assistant_id",
    "list_assistant_versions": "version",
    "list_answers": "answer_id",
    "list_conversations": "thread_id",
    "list_conversation_runs": "run_id",
    "list_feedback": "message_id",
    "list_handovers": "thread_id",
    "list_notification_targets": "target_id",
    "list_notifications": "notification_id",
    "list_threads": "thread_id",
    "list_messages": "message_id",
    "list_runs": "run_id",
    "list_steps": "step_id",
    "list_files": "file_id",
    "list_vector_stores": "vector_store_id",
    "list_vector_store_files": "file_id",
    "list_file_batch_files": "file_id",
}
LISTS = [each for each in operations() if "after" in each.queries and not each.is_administrative]


@pytest.fixture(scope="module")
def shop_server(start_shared):
    return start_shared(api_keys=KEYS)


@pytest.fixture(scope="module")
def shop(shop_server, call_shared_as):
    return call_shared_as(shop_server, "key-of-the-shop-1")


@pytest.fixture(scope="module", params=INTRUDERS)
def intruder(request, shop_server, call_shared_as):
    return call_shared_as(shop_server, INTRUDERS[request.param])


@pytest.fixture(scope="module")
def theirs(shop, upstream_server):
    upstream_server.reset()
    return belongings(shop, upstream_server)


@pytest.fixture(scope="module")
def own(intruder, upstream_server):
    upstream_server.reset()
    return belongings(intruder, upstream_server)


@pytest.fixture(scope="module")
def before(theirs, own, shared_database_url):
    """All rows, before anybody has tried anything."""
    return all_rows(shared_database_url)


def same_as_unknown(send, their_id: str) -> dict:
    """Ask with somebody else's id and with one that names nothing; return the common answer."""
    answers = [send(their_id), send(unknown(their_id))]
    said = [
        (answer.status_code, answer.text.replace(asked, "ID"), telling(answer))
        for answer, asked in zip(answers, (their_id, unknown(their_id)), strict=True)
    ]
    assert said[0] == said[1]
    return error_of(answers[0], 404)


def telling(answer) -> dict:
    """Return the headers that may tell something."""
    own = ("x-request-id", "openai-processing-ms", "date", "content-length")
    return {name: value for name, value in answer.headers.items() if name not in own}


@pytest.mark.parametrize(
    ("operation", "place"),
    [(each, place) for each in BY_ID for place in range(len(each.parameters))],
    ids=lambda value: str(value),
)
def test_an_id_of_others_is_an_unknown_one(
    operation, place, shop, intruder, theirs, own, before, shared_database_url
):
    """`place`: up to there the ids in the path are the caller's own."""
    name = operation.parameters[place]
    behind = {key: theirs[key] for key in operation.parameters[place:]}

    def send(object_id: str):
        return operation.send(intruder.http, {**own, **behind, name: object_id})

    error = same_as_unknown(send, theirs[name])
    assert theirs[name] in error["message"]
    assert error["type"] == "invalid_request_error"
    assert all_rows(shared_database_url) == before


@pytest.mark.parametrize("operation", LISTS, ids=str)
def test_lists_hold_ones_own_alone(operation, shop, intruder, theirs, own):
    name = LISTED[operation.name]
    listed = {each["id"] for each in operation.send(intruder.http, own).json()["data"]}
    assert own[name] in listed
    assert theirs[name] not in listed
    backwards = operation.send(intruder.http, own, params={"order": "asc"}).json()["data"]
    assert theirs[name] not in {each["id"] for each in backwards}


@pytest.mark.parametrize(
    ("operation", "cursor"),
    [(each, cursor) for each in LISTS for cursor in ("after", "before") if cursor in each.queries],
    ids=str,
)
def test_a_cursor_of_others_is_an_unknown_one(operation, cursor, intruder, theirs, own):
    def send(object_id: str):
        return operation.send(intruder.http, own, params={cursor: object_id})

    same_as_unknown(send, theirs[LISTED[operation.name]])


def test_every_list_is_known_here():
    assert {each.name for each in LISTS} == set(LISTED)


def test_keys_of_one_name_open_one_project(shop_server, call_as, theirs):
    second = call_as(shop_server, "key-of-the-shop-2")
    assert second.http.get(f"/threads/{theirs['thread_id']}").is_success
    assert theirs["thread_id"] in {
        each["id"] for each in second.http.get("/threads").json()["data"]
    }
    assert second.http.get(f"/files/{theirs['file_id']}/content").is_success
    made = second.http.post("/threads").json()["id"]
    first = call_as(shop_server, "key-of-the-shop-1")
    assert first.http.delete(f"/threads/{made}").is_success


def test_a_bare_key_is_a_project_of_its_own(start, call_as):
    server = start(api_keys=["one-bare-key", "another-bare-key", "default:key-of-the-default"])
    one, another = call_as(server, "one-bare-key"), call_as(server, "another-bare-key")
    made = one.http.post("/threads").json()["id"]
    assert one.http.get(f"/threads/{made}").is_success
    for other in (another, call_as(server, "key-of-the-default")):
        error_of(other.http.get(f"/threads/{made}"), 404)
        assert other.http.get("/threads").json()["data"] == []
    # Its name is derived from the key, so it is shown nowhere.
    one.http.post("/chat", json={"message": "hi"})
    (row,) = one.http.get("/usage").json()["data"]
    assert row["project"] is None


def test_what_was_made_without_keys_is_the_default_projects(start, call_as, upstream):
    with_none = start()
    made = belongings(with_none, upstream)
    with_none.stop()
    server = start(api_keys=["default:key-of-the-default", "shop:key-of-the-shop"])
    default, shop = (call_as(server, f"key-of-the-{name}") for name in ("default", "shop"))
    for operation in BY_ID:
        # A run that nobody streams has no events, a short thread has no summary, and no site says
        # who the visitor is.
        absent = ("follow_run", "retrieve_thread_summary", "retrieve_thread_visitor")
        if operation.method == "GET" and operation.name not in absent:
            answer = operation.send(default.http, made)
            assert answer.is_success, f"{operation}: {answer.text}"
            assert operation.send(shop.http, made).status_code == 404
    assert default.http.get("/threads", params={"q": "appletree"}).json()["data"] != []
    assert shop.http.get("/threads", params={"q": "appletree"}).json()["data"] == []
    # And it is still there for everybody on a server that is open again.
    server.stop()
    assert start().http.get(f"/threads/{made['thread_id']}").is_success
