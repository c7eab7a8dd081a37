"""What limited keys may do: by their scope, the page that uses them, their rate and budget."""

import pytest

from tests.support.administration import ADMIN_KEY, Admin
from tests.support.belongings import all_rows, belongings
from tests.support.operations import operations
from tests.support.replies import Reply
from tests.support.talk import error_of
from tests.support.waiting import wait_until

# The contract with those who make keys, written down a second time.
OF_CHAT = {
    *("retrieve_caller", "chat", "list_threads", "delete_threads"),
    *("retrieve_thread", "delete_thread", "list_messages", "retrieve_message"),
    *("update_message", "delete_message", "list_runs", "retrieve_run", "follow_run"),
    *(
        "cancel_run",
        "submit_tool_outputs",
        "give_feedback",
        "list_feedback",
        "list_steps",
        "retrieve_step",
        "retrieve_handover",
        "request_handover",
        "cancel_handover",
        "retrieve_file",
        "retrieve_file_content",
    ),
}
GUARDED = [
    each
    for each in operations()
    if each.path.startswith("/api/v1/")
    and not each.is_administrative
    and each.name not in ("health", "ready", "retrieve_access", "create_chat_session")
]
# A run that nobody streams has no events, a short thread no summary, and nobody says whose it is;
# a visitor must be named.
ABSENT = ("follow_run", "retrieve_thread_summary", "retrieve_thread_visitor", "list_visitors")


@pytest.fixture(scope="module")
def admin(start_shared, call_shared_as):
    server = start_shared(admin_key=ADMIN_KEY, adopt_ids=True, public_token_budget=1)
    admin = Admin(server, call_shared_as)
    admin.project("cafe")
    return admin


@pytest.fixture(scope="module")
def theirs(admin, upstream_server):
    """What the project's other key has made."""
    upstream_server.reset()
    return belongings(admin.caller(admin.key("cafe")), upstream_server)


@pytest.fixture(scope="module")
def reader(admin):
    return admin.caller(admin.key("cafe", scope="read"))


@pytest.fixture(scope="module")
def chatter(admin):
    return admin.caller(admin.key("cafe", scope="chat"))


@pytest.mark.parametrize("operation", GUARDED, ids=str)
def test_a_reading_key_reads_everything_and_changes_nothing(
    reader, theirs, operation, shared_database_url
):
    before = rows_but_uses(shared_database_url)
    answer = operation.send(reader.http, theirs)
    if operation.method != "GET":
        assert error_of(answer, 403)["code"] == "scope_not_allowed"
    elif operation.name not in (*ABSENT, "retrieve_model"):
        assert answer.is_success, answer.text
    assert rows_but_uses(shared_database_url) == before


def rows_but_uses(url: str) -> dict:
    """Return all rows without those of keys, whose last use is noted aside."""
    return {name: rows for name, rows in all_rows(url).items() if name != "access_keys"}


def test_a_reading_key_adopts_nothing(reader, chatter, shared_database_url):
    before = rows_but_uses(shared_database_url)
    unknown = "thread_" + "a" * 24
    error_of(reader.http.get(f"/threads/{unknown}"), 404)
    error_of(chatter.http.get(f"/threads/{unknown}"), 404)
    assert rows_but_uses(shared_database_url) == before


@pytest.mark.parametrize(
    "operation", [each for each in GUARDED if each.name not in OF_CHAT], ids=str
)
def test_a_chatting_key_may_call_nothing_else(chatter, theirs, operation, shared_database_url):
    before = rows_but_uses(shared_database_url)
    for options in ({}, {"content": b"{", "json": None, "files": None, "data": None}):
        answer = operation.send(chatter.http, theirs, **options)
        assert error_of(answer, 403)["code"] == "scope_not_allowed"
    assert rows_but_uses(shared_database_url) == before


@pytest.mark.parametrize(
    "operation", [each for each in GUARDED if each.name in OF_CHAT and each.parameters], ids=str
)
def test_a_chatting_key_does_not_see_the_projects_other_threads(chatter, theirs, operation):
    error_of(operation.send(chatter.http, theirs), 404)


def test_a_chatting_key_chats_with_any_assistant_and_has_its_own_threads(
    admin, chatter, theirs, upstream
):
    body = {"message": "hello", "assistant_id": theirs["assistant_id"]}
    reply = chatter.http.post("/chat", json=body)
    # It is no visitor: their budget, which is used up, does not count.
    assert reply.is_success, reply.text
    thread_id = reply.json()["thread_id"]
    listed = [one["id"] for one in chatter.http.get("/threads").json()["data"]]
    assert thread_id in listed
    assert theirs["thread_id"] not in listed
    (run,) = chatter.http.get(f"/threads/{thread_id}/runs").json()["data"]
    assert (run["instructions"], run["tools"]) == (None, [])
    other = admin.caller(admin.key("cafe", scope="chat"))
    error_of(other.http.get(f"/threads/{thread_id}"), 404)
    whole = admin.caller(admin.key("cafe"))
    assert whole.http.get(f"/threads/{thread_id}").is_success
    assert chatter.http.delete(f"/threads/{thread_id}").is_success


def test_the_scope_of_a_key_can_be_changed(admin):
    made = admin.key("cafe")
    caller = admin.caller(made)
    assert caller.http.get("/me").json()["scope"] == "all"
    for scope in ("read", "chat"):
        admin.change(made, scope=scope)
        assert caller.http.get("/me").json()["scope"] == scope
        error_of(caller.http.post("/threads"), 403)
    admin.change(made, scope=None)
    assert caller.http.post("/threads").is_success


def test_a_key_for_pages_is_refused_elsewhere(admin):
    made = admin.key("cafe", origins=["https://shop.example"])
    for headers in ({}, {"origin": "https://other.example"}, {"origin": "null"}):
        error = error_of(admin.caller(made, **headers).http.get("/threads"), 403)
        assert error["code"] == "origin_not_allowed"
    page = admin.caller(made, origin="https://shop.example")
    answer = page.http.get("/threads")
    assert answer.is_success
    # The page may also read it.
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    admin.change(made, origins=[])
    answer = admin.caller(made, origin="https://other.example").http.get("/threads")
    assert answer.is_success
    assert "access-control-allow-origin" not in answer.headers


def test_a_key_has_its_own_rate(admin):
    made = admin.key("cafe", rate="3/minute")
    caller = admin.caller(made)
    answers = [caller.http.get("/threads") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    left = [one.headers["x-ratelimit-remaining-requests"] for one in answers]
    assert left == ["2", "1", "0", "0"]
    assert error_of(answers[3], 429)["code"] == "rate_limit_exceeded"
    # A key that replaces it does not begin anew.
    error_of(admin.caller(admin.key("cafe", replaces=made["id"])).http.get("/threads"), 429)
    assert admin.caller(admin.key("cafe", rate="3/minute")).http.get("/threads").is_success
    admin.change(made, rate=None)
    assert caller.http.get("/threads").is_success


def test_a_key_has_its_own_budget(admin, upstream):
    made = admin.key("cafe", token_budget=1)
    caller, other = admin.caller(made), admin.caller(admin.key("cafe"))
    assert caller.http.post("/chat", json={"message": "hi"}).is_success
    used = admin.found(made)["tokens_today"]
    assert used >= 1
    error = error_of(caller.http.post("/chat", json={"message": "hi"}), 429)
    assert error["code"] == "insufficient_quota"
    assert "This key's budget of 1 tokens" in error["message"]
    assert other.http.post("/chat", json={"message": "hi"}).is_success
    new = admin.key("cafe", replaces=made["id"])
    assert new["tokens_today"] == used
    error_of(admin.caller(new).http.post("/chat", json={"message": "hi"}), 429)
    admin.change(new, token_budget=None)
    assert admin.caller(new).http.post("/chat", json={"message": "hi"}).is_success


def test_active_runs_reserve_of_a_keys_budget(admin, upstream):
    made = admin.key("cafe", token_budget=2000)
    caller = admin.caller(made)
    upstream.reply(Reply.text("Slow").stalled())
    limits = {"max_prompt_tokens": 1000, "max_completion_tokens": 1000}
    body = {"assistant_id": "asst_default", "thread": {"messages": []}, **limits}
    run = caller.http.post("/threads/runs", json=body).json()
    wait_until(lambda: len(upstream.requests) == 1)
    error = error_of(caller.http.post("/threads/runs", json=body), 429)
    assert error["code"] == "concurrent_runs_exceeded"
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    assert caller.http.post(f"{path}/cancel").is_success
    wait_until(lambda: caller.http.get(path).json()["status"] == "cancelled")
    upstream.reply(Reply.text("Fast"))
    assert caller.http.post("/threads/runs", json=body).is_success


def test_a_project_has_its_own_limits(admin, upstream):
    admin.project("bar", token_budget=1, max_concurrent_runs=1)
    caller = admin.caller(admin.key("bar"))
    upstream.reply(Reply.text("Slow").stalled())
    body = {"assistant_id": "asst_default", "thread": {"messages": []}}
    admin.http.post("/admin/projects/bar", json={"token_budget": None})
    run = caller.http.post("/threads/runs", json=body).json()
    wait_until(lambda: len(upstream.requests) == 1)
    error = error_of(caller.http.post("/threads/runs", json=body), 429)
    assert error["code"] == "concurrent_runs_exceeded"
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    assert caller.http.post(f"{path}/cancel").is_success
    wait_until(lambda: caller.http.get(path).json()["status"] == "cancelled")
    admin.http.post("/admin/projects/bar", json={"token_budget": 1})
    upstream.reply(Reply.text("Fast"))
    assert caller.http.post("/chat", json={"message": "hi"}).is_success
    error = error_of(caller.http.post("/chat", json={"message": "hi"}), 429)
    assert error["code"] == "insufficient_quota"


SITE = "https://shop.example"


class Site(Admin):
    """A server without a public chat, whose project has an assistant and keys for a site."""

    def __init__(self, server, call_as) -> None:
        super().__init__(server, call_as)
        self.project("bakery")
        self.owner = self.caller(self.key("bakery")).http
        looks = {"color": "#aa0000", "internal": "x"}
        body = {"model": "m", "name": "Baker", "instructions": "Secret.", "metadata": looks}
        self.assistant = self.owner.post("/assistants", json=body).json()["id"]


@pytest.fixture(scope="module")
def site(start_shared, call_shared_as, upstream_server):
    upstream_server.reset()
    return Site(start_shared(admin_key=ADMIN_KEY), call_shared_as)


def begin(admin, key, token=None, *, origin=SITE, **body):
    headers = {"origin": origin} if origin else {}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    http = admin.call_as(admin.server).http
    return http.post("/chat/sessions", headers=headers, json={"key": key["value"], **body})


def test_a_key_in_a_page_begins_sessions_of_its_own_project(site):
    key = site.key("bakery", scope="chat", origins=[SITE])
    begun = [begin(site, key, assistant=site.assistant).json() for _ in range(2)]
    shown = {"id": site.assistant, "name": "Baker", "description": None}
    assert begun[0]["assistants"] == [{**shown, "metadata": {"color": "#aa0000"}}]
    one, other = (
        site.call_as(site.server, session["token"], origin=SITE).http for session in begun
    )
    body = {"message": "안녕하세요", "assistant_id": site.assistant}
    thread = one.post("/chat", json=body).raise_for_status().json()["thread_id"]
    assert other.get(f"/threads/{thread}").status_code == 404
    assert site.owner.get(f"/threads/{thread}").is_success
    assert error_of(one.get("/assistants"), 403)["code"] == "session_not_allowed"
    # Its token is of no use to another page, and ends with the key.
    elsewhere = site.call_as(site.server, begun[0]["token"], origin="https://other.example")
    assert error_of(elsewhere.http.get("/threads"), 403)["code"] == "origin_not_allowed"
    again = begin(site, key, begun[0]["token"], assistant=site.assistant).json()["token"]
    renewed = site.call_as(site.server, again, origin=SITE).http
    assert [found["id"] for found in renewed.get("/threads").json()["data"]] == [thread]
    site.change(key, revoked=True)
    assert error_of(one.get("/threads"), 401)
    assert error_of(begin(site, key), 401)


def test_which_keys_may_not_be_in_a_page(site):
    for limits in ({"origins": [SITE]}, {"scope": "chat"}, {"scope": "read", "origins": [SITE]}):
        error = error_of(begin(site, site.key("bakery", **limits)), 403)
        assert error["code"] == "not_a_site_key"
    key = site.key("bakery", scope="chat", origins=[SITE])
    for origin in ("https://other.example", "null", None):
        assert error_of(begin(site, key, origin=origin), 403)["code"] == "origin_not_allowed"
    site.project("florist")
    other = site.key("florist", scope="chat", origins=[SITE])
    error_of(begin(site, other, assistant=site.assistant), 404)
    token = begin(site, key, assistant=site.assistant).json()["token"]
    fresh = begin(site, other, token).json()["token"]
    assert site.call_as(site.server, fresh, origin=SITE).http.get("/me").json()["project"] is None
    # A session stays a visitor's if its key is allowed more later.
    site.change(key, scope="all")
    assert error_of(site.call_as(site.server, token, origin=SITE).http.get("/threads"), 401)


def test_a_program_with_a_sites_key_has_the_limits_of_visitors(admin, upstream):
    """Everybody can read the key in the page, and claim to be that page."""
    admin.project("kiosk")
    found = admin.caller(admin.key("kiosk", scope="chat", origins=[SITE]), origin=SITE).http
    error = error_of(found.post("/chat", json={"message": "a" * 8001}), 400)
    assert (error["param"], error["code"]) == ("message", "string_above_max_length")
    assert found.post("/chat", json={"message": "hi"}).is_success
    error = error_of(found.post("/chat", json={"message": "hi"}), 429)
    assert error["code"] == "insufficient_quota"


def test_the_budget_of_a_sites_key_counts_for_its_visitors(site):
    key = site.key("bakery", scope="chat", origins=[SITE], token_budget=1)
    token = begin(site, key, assistant=site.assistant).json()["token"]
    page = site.call_as(site.server, token, origin=SITE).http
    body = {"message": "hello", "assistant_id": site.assistant}
    assert page.post("/chat", json=body).is_success
    assert error_of(page.post("/chat", json=body), 429)["code"] == "insufficient_quota"
