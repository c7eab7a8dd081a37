"""How many runs a project may have at work, and how many tokens it may spend a day."""

import openai
import pytest

from tests.support.belongings import all_rows
from tests.support.callers import ORIGIN, session_of
from tests.support.replies import Reply
from tests.support.stream_reader import events_of
from tests.support.talk import ended, error_of
from tests.support.waiting import wait_until

BOTH_APIS = True

KEYS = {name: f"key-of-the-{name}-123456" for name in ("shop", "cafe", "bar")}
API_KEYS = [f"{name}:{key}" for name, key in KEYS.items()]
ASKED = {"messages": [{"role": "user", "content": "hello"}]}
TOOLS = [{"type": "function", "function": {"name": "f"}}]
RUN = {"assistant_id": "asst_default", "thread": ASKED, "tools": TOOLS}


@pytest.fixture
def opened(start, call_as):
    """Start with these settings; return a caller of each project."""

    def begin(**settings):
        server = start(api_keys=API_KEYS, **settings)
        return [call_as(server, key) for key in KEYS.values()]

    return begin


def begun(caller, upstream, reply: Reply | None = None, **more: int) -> str:
    """Begin a run that the model keeps waiting, and return its path."""
    upstream.reply(reply or Reply.text("Slow").stalled())
    run = caller.http.post("/threads/runs", json={**RUN, **more})
    assert run.is_success, run.text
    return f"/threads/{run.json()['thread_id']}/runs/{run.json()['id']}"


def at_the_model(upstream, count: int) -> None:
    wait_until(lambda: len(upstream.requests) == count)


def refused_calls(caller, thread_id: str) -> list:
    """Ask for a run in every way there is."""
    http = caller.http
    return [
        http.post("/chat", json={"message": "x"}),
        http.post("/chat", json={"message": "x", "stream": True}),
        http.post("/chat", json={"message": "x", "thread_id": thread_id}),
        http.post("/threads/runs", json=RUN),
        http.post("/threads/runs", json={**RUN, "stream": True}),
        http.post(f"/threads/{thread_id}/runs"),
        http.post(f"/threads/{thread_id}/runs", json={"assistant_id": "asst_default"}),
        http.post(
            f"/threads/{thread_id}/runs", json={"assistant_id": "asst_default", "stream": True}
        ),
        http.post(
            f"/threads/{thread_id}/runs",
            json={
                "assistant_id": "asst_default",
                "additional_messages": [{"role": "user", "content": "lost?"}],
            },
        ),
    ]


def test_no_more_runs_than_are_allowed(opened, upstream, database_url):
    shop, cafe, _ = opened(max_concurrent_runs=2)
    thread_id = shop.http.post("/threads").json()["id"]
    paths = [begun(shop, upstream) for _ in range(2)]
    at_the_model(upstream, 2)
    before = all_rows(database_url)
    for answer in refused_calls(shop, thread_id):
        error = error_of(answer, 429)
        assert (error["code"], error["type"]) == ("concurrent_runs_exceeded", "requests")
        assert error["message"].startswith("This project already has 2 active runs")
        assert int(answer.headers["retry-after"]) >= 1
    # Nothing is stored of what was refused.
    assert all_rows(database_url) == before
    assert len(upstream.requests) == 2
    # Another project is not affected, and all else may be done.
    assert cafe.http.post("/chat", json={"message": "x"}).is_success
    message = {"role": "user", "content": "x"}
    assert shop.http.post(f"/threads/{thread_id}/messages", json=message).is_success
    upstream.release()
    for path in paths:
        assert ended(shop.http, path)["status"] == "completed"
    for answer in refused_calls(shop, thread_id)[:3]:
        assert answer.is_success, answer.text


def test_a_run_that_waits_for_its_client_is_not_at_work(opened, upstream):
    shop, *_ = opened(max_concurrent_runs=1)
    paths = [begun(shop, upstream, Reply.function_calls(("call_1", "f", "{}"))) for _ in range(1)]
    for _ in range(2):
        wait_until(lambda: shop.http.get(paths[-1]).json()["status"] == "requires_action")
        paths.append(begun(shop, upstream, Reply.function_calls(("call_1", "f", "{}"))))
    wait_until(lambda: shop.http.get(paths[-1]).json()["status"] == "requires_action")
    begun(shop, upstream)
    error_of(shop.http.post("/chat", json={"message": "x"}), 429)
    # An answer that was waited for is taken all the same.
    body = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}]}
    assert shop.http.post(f"{paths[0]}/submit_tool_outputs", json=body).is_success


@pytest.mark.parametrize("end", ["cancelled", "deleted", "failed", "expired"])
def test_however_a_run_ends_its_place_is_free(opened, upstream, end):
    shop, *_ = opened(max_concurrent_runs=1, run_expires_seconds=2, lease_seconds=0.3)
    reply = Reply.text("Slow").stalled()
    path = begun(shop, upstream, Reply.failed() if end == "failed" else reply)
    if end == "cancelled":
        shop.http.post(f"{path}/cancel")
    if end == "deleted":
        assert shop.http.delete(path.partition("/runs/")[0]).is_success
    wait_until(lambda: shop.http.post("/chat", json={"message": "x"}).is_success)


def test_a_race_of_many_never_exceeds(opened, upstream, together):
    shop, cafe, _ = opened(max_concurrent_runs=3)
    upstream.reply_with(lambda _: Reply.text("Slow").stalled())

    def create(number: int):
        caller = (shop, cafe)[number % 2]
        return caller.http.post("/threads/runs", json={**RUN, "stream": False})

    answers = together(create, 16)
    for half in (answers[::2], answers[1::2]):
        statuses = [answer.status_code for answer in half]
        assert statuses.count(200) == 3
        assert set(statuses) == {200, 429}
    at_the_model(upstream, 6)


def test_two_servers_count_together(start, call_as, upstream, together):
    servers = [start(api_keys=API_KEYS, max_concurrent_runs=3) for _ in range(2)]
    callers = [call_as(server, KEYS["shop"]) for server in servers]
    upstream.reply_with(lambda _: Reply.text("Slow").stalled())
    answers = together(lambda n: callers[n % 2].http.post("/threads/runs", json=RUN), 12)
    assert [answer.status_code for answer in answers].count(200) == 3


def spend(caller, upstream, words: int) -> int:
    """Chat, and return what it has cost."""
    upstream.reply(Reply.text(*["word "] * words))
    return caller.http.post("/chat", json={"message": "x"}).json()["usage"]["total_tokens"]


def test_a_budget_is_used_up(opened, upstream, database_url):
    shop, cafe, bar = opened(token_budgets={"shop": 60, "*": 100_000, "bar": 0})
    thread_id = shop.http.post("/threads").json()["id"]
    while (
        spend(shop, upstream, 30) and shop.http.get("/usage").json()["total"]["total_tokens"] < 60
    ):
        pass
    before, asked = all_rows(database_url), len(upstream.requests)
    for caller, budget in ((shop, 60), (bar, 0)):
        own = thread_id if caller is shop else bar.http.post("/threads").json()["id"]
        before = all_rows(database_url)
        for answer in refused_calls(caller, own):
            error = error_of(answer, 429)
            assert error["code"] == error["type"] == "insufficient_quota"
            assert f"{budget} tokens" in error["message"]
            assert answer.headers["x-should-retry"] == "false"
            assert 0 < int(answer.headers["retry-after"]) <= 86_400
        assert all_rows(database_url) == before
    assert len(upstream.requests) == asked
    # What costs nothing can be done, and others go on.
    assert shop.http.get(f"/threads/{thread_id}/messages").is_success
    assert spend(cafe, upstream, 3) > 0


def test_a_run_that_waited_is_finished_beyond_the_budget(opened, upstream):
    shop, *_ = opened(token_budgets={"shop": 600})
    # While it waits it counts as what its limits allow: others still have room beside it.
    limits = {"max_prompt_tokens": 256, "max_completion_tokens": 256}
    path = begun(shop, upstream, Reply.function_calls(("call_1", "f", "{}")), **limits)
    wait_until(lambda: shop.http.get(path).json()["status"] == "requires_action")
    assert spend(shop, upstream, 700) > 600
    error_of(shop.http.post("/chat", json={"message": "x"}), 429)
    body = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}]}
    assert shop.http.post(f"{path}/submit_tool_outputs", json=body).is_success
    assert ended(shop.http, path)["status"] == "completed"


def test_every_other_project_has_a_budget_of_its_own(opened, upstream):
    shop, cafe, bar = opened(token_budgets={"*": 1, "bar": 10_000})
    for caller in (shop, cafe, bar):
        assert spend(caller, upstream, 5) > 1
    for caller in (shop, cafe):
        error_of(caller.http.post("/chat", json={"message": "x"}), 429)
    assert spend(bar, upstream, 5) > 1


def test_visitors_spend_their_projects_budget(start, call_as, upstream):
    server = start(
        api_keys=API_KEYS,
        token_budgets={"shop": 1},
        public_chat=True,
        public_project="shop",
        cors_origins=[ORIGIN],
    )
    visitor = call_as(server, session_of(call_as(server)), origin=ORIGIN)
    assert spend(visitor, upstream, 5) > 1
    refused = visitor.http.post("/chat", json={"message": "x"})
    assert error_of(refused, 429)["code"] == "insufficient_quota"
    assert refused.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("settings", [{"token_budgets": {"shop": 0}}, {"max_concurrent_runs": 1}])
def test_the_sdk_retries_only_when_that_can_help(opened, upstream, settings):
    shop, *_ = opened(**settings)
    if "max_concurrent_runs" in settings:
        begun(shop, upstream)
        at_the_model(upstream, 1)
    asked = []
    retrying = shop.client.with_options(max_retries=1)
    shop.client._client.event_hooks["response"].append(lambda answer: asked.append(answer))
    with pytest.raises(openai.RateLimitError) as caught:
        retrying.beta.threads.create_and_run(assistant_id="asst_default")
    spent = "token_budgets" in settings
    assert caught.value.code == ("insufficient_quota" if spent else "concurrent_runs_exceeded")
    assert len(asked) == (1 if spent else 2)


def test_a_thread_may_be_interrupted_though_all_places_are_taken(opened, upstream):
    """The run that makes way gives its place."""
    shop, *_ = opened(max_concurrent_runs=1)
    path = begun(shop, upstream)
    at_the_model(upstream, 1)
    thread = path.partition("/runs/")[0]
    body = {"assistant_id": "asst_default", "if_busy": "interrupt"}
    run = shop.http.post(f"{thread}/runs", json=body)
    assert run.is_success, run.text
    assert ended(shop.http, f"{thread}/runs/{run.json()['id']}")["status"] == "completed"
    assert ended(shop.http, path)["status"] == "cancelled"


def test_without_the_settings_there_is_no_end(opened, upstream):
    shop, *_ = opened()
    for _ in range(3):
        begun(shop, upstream)
    at_the_model(upstream, 3)
    assert events_of(shop.http, "/threads/runs", RUN)[-1].name == "done"
