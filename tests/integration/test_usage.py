"""`GET /usage`: what a project's runs have cost, each counted exactly once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from tests.support.belongings import FUNCTION
from tests.support.heirs import environment, succession
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.stream_reader import streaming
from tests.support.talk import ended, error_of
from tests.support.waiting import wait_until

KEYS = {name: f"key-of-the-{name}-123456" for name in ("shop", "cafe")}
BARE = "a-bare-key-0123456789"
API_KEYS = [*(f"{name}:{key}" for name, key in KEYS.items()), BARE]
ASKED = {"messages": [{"role": "user", "content": "hello"}]}
RUN = {"assistant_id": "asst_default", "thread": ASKED}
# What the model says that a question and an answer of one word cost.
OTHERS = (
    *("object", "date", "project", "assistant_id", "model", "answered_by", "answered_model"),
    *("cost", "currency"),
)
NOTHING = {"runs": 0, "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


@pytest.fixture
def server(start):
    return start(api_keys=API_KEYS, run_expires_seconds=30, lease_seconds=0.3)


@pytest.fixture
def shop(server, call_as):
    return call_as(server, KEYS["shop"]).http


def total(http, **params) -> dict:
    report = http.get("/usage", params=params).json()
    sums = {
        name: sum(row[name] for row in report["data"])
        for name in ("runs", "prompt_tokens", "completion_tokens", "total_tokens")
    }
    assert report["total"] == sums | {"costs": {}}
    assert sums["total_tokens"] == sums["prompt_tokens"] + sums["completion_tokens"]
    return sums


def cost_of(run: dict) -> dict:
    """Return the totals of this one run."""
    return {"runs": 1, **{name: run["usage"][name] for name in NOTHING if name != "runs"}}


def begun(http, **more) -> str:
    run = http.post("/threads/runs", json={**RUN, **more}).json()
    return f"/threads/{run['thread_id']}/runs/{run['id']}"


def test_usage_is_empty_at_first(shop):
    today = datetime.now(UTC).date()
    assert shop.get("/usage").json() == {
        "object": "list",
        "start_date": str(today - timedelta(days=29)),
        "end_date": str(today),
        "data": [],
        "total": NOTHING | {"costs": {}},
    }


def test_usage_is_listed_by_day_assistant_and_model(server, shop, call_as, upstream):
    made = shop.post("/assistants", json={"model": "model-b"}).json()["id"]
    costs = [
        shop.post("/chat", json={"message": "x", **more}).json()["usage"]
        for more in ({}, {}, {"assistant_id": made})
    ]
    run = {"assistant_id": made, "model": "model-c", "thread": ASKED}
    last = ended(shop, begun(shop, **run))["usage"]
    other = call_as(server, KEYS["cafe"]).http
    other.post("/chat", json={"message": "of another"})
    today = str(datetime.now(UTC).date())
    rows = shop.get("/usage").json()["data"]
    for row in rows:
        assert {*row} == {*NOTHING, *OTHERS}
        assert (row["answered_by"], row["answered_model"]) == ("custom", row["model"])
        assert (row["cost"], row["currency"]) == (None, None)
        assert (row["object"], row["date"], row["project"]) == ("usage", today, "shop")
    reported = {
        (row["assistant_id"], row["model"]): (row["runs"], row["total_tokens"]) for row in rows
    }
    model = shop.get("/assistants/asst_default").json()["model"]
    assert reported == {
        ("asst_default", model): (2, costs[0]["total_tokens"] + costs[1]["total_tokens"]),
        (made, "model-b"): (1, costs[2]["total_tokens"]),
        (made, "model-c"): (1, last["total_tokens"]),
    }
    assert total(shop)["runs"] == 4
    assert total(other)["runs"] == 1


def test_a_bare_keys_project_is_not_named(server, call_as):
    bare = call_as(server, BARE).http
    bare.post("/chat", json={"message": "x"})
    answer = bare.get("/usage")
    assert [row["project"] for row in answer.json()["data"]] == [None]
    assert "key-" not in answer.text


def test_days_are_chosen(shop, database_url):
    shop.post("/chat", json={"message": "x"})
    with connected(database_url) as connection:
        for day in ("2026-01-30", "2026-01-31", "2026-02-01"):
            for part in (0, 1):
                connection.execute(
                    text(
                        "INSERT INTO usage (project, day, assistant_id, model, answered_by, "
                        "answered_model, currency, part, runs, prompt_tokens, "
                        "completion_tokens, cost) VALUES "
                        "('shop', :day, 'asst_a', 'm', '', '', '', :part, 1, 3000000000, 5, 0)"
                    ),
                    {"day": day, "part": part},
                )
    january = {"start_date": "2026-01-01", "end_date": "2026-01-31"}
    report = shop.get("/usage", params=january).json()
    assert [(row["date"], row["runs"]) for row in report["data"]] == [
        ("2026-01-31", 2),
        ("2026-01-30", 2),
    ]
    assert report["total"]["prompt_tokens"] == 12_000_000_000
    assert total(shop, start_date="2026-01-31", end_date="2026-01-31")["runs"] == 2
    assert total(shop, end_date="2026-02-01")["runs"] == 6
    assert total(shop, end_date="2026-03-02")["runs"] == 2
    assert total(shop, end_date="2026-03-03")["runs"] == 0
    assert total(shop, start_date="2026-01-30")["runs"] == 7
    assert total(shop, start_date="0001-01-01", end_date="9999-12-31")["runs"] == 7
    assert (
        shop.get("/usage", params={"end_date": "0001-01-05"}).json()["start_date"] == "0001-01-01"
    )


@pytest.mark.parametrize(
    "params",
    [
        {"start_date": "yesterday"},
        {"start_date": "2026-02-30"},
        {"start_date": "2026-1-1"},
        {"end_date": "2026-13-01"},
        {"end_date": "31.01.2026"},
        {"end_date": "10000-01-01"},
        {"end_date": "2026-01-01T10:00:00"},
        {"start_date": "2026-01-02", "end_date": "2026-01-01"},
        {"start_date": str(date.max), "end_date": str(date.min)},
        {"start_date": "9999-12-31"},
        {"end_date": "' OR 1=1 --"},
    ],
)
def test_days_that_are_none_are_refused(shop, params):
    error = error_of(shop.get("/usage", params=params))
    assert error["param"] in params


def test_a_run_of_several_rounds_is_one_run(shop, upstream):
    upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    path = begun(shop, tools=[FUNCTION])
    wait_until(lambda: shop.get(path).json()["status"] == "requires_action")
    # What waits is not counted yet.
    assert total(shop) == NOTHING
    body = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}]}
    shop.post(f"{path}/submit_tool_outputs", json=body)
    run = ended(shop, path)
    assert total(shop) == cost_of(run)


ENDS = {
    "completed": Reply.text("Done."),
    "incomplete": Reply.incomplete("Half"),
    "failed": Reply.failed(),
    "filtered": Reply.incomplete("Half", reason="content_filter"),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_run_that_ends_by_itself_is_counted(shop, upstream, end):
    upstream.reply(ENDS[end])
    run = ended(shop, begun(shop))
    assert run["status"] == ("failed" if end == "filtered" else end)
    assert total(shop) == cost_of(run)
    assert end == "failed" or total(shop)["total_tokens"] > 0


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("how", ["cancelled", "expired", "deleted", "all deleted"])
def test_a_run_that_is_ended_is_counted_with_what_it_has_cost(start, call_as, upstream, how, waits):
    """`waits`: for its client, after a round that was paid for."""
    settings = {"run_expires_seconds": 2} if how == "expired" else {}
    server = start(api_keys=API_KEYS, lease_seconds=0.3, **settings)
    shop = call_as(server, KEYS["shop"]).http
    called = Reply.function_calls(("call_1", "f", "{}"))
    upstream.reply(called if waits else Reply.text("Slow").stalled())
    path = begun(shop, tools=[FUNCTION])
    status = "requires_action" if waits else "in_progress"
    wait_until(lambda: shop.get(path).json()["status"] == status)
    if not waits:
        assert upstream.wait_stalled()
    match how:
        case "cancelled":
            assert shop.post(f"{path}/cancel").is_success
        case "deleted":
            assert shop.delete(path.partition("/runs/")[0]).is_success
        case "all deleted":
            assert shop.delete("/threads", params={"all": "true"}).json()["count"] == 1
    wait_until(lambda: total(shop)["runs"])
    if "deleted" not in how:
        assert ended(shop, path)["status"] == how
    spent = total(shop)
    assert spent["runs"] == 1
    assert (spent["total_tokens"] > 0) == waits
    server.stop()
    assert total(call_as(start(api_keys=API_KEYS), KEYS["shop"]).http) == spent


def test_usage_of_deleted_threads_remains(shop):
    thread_id = shop.post("/chat", json={"message": "x"}).json()["thread_id"]
    before = total(shop)
    shop.delete(f"/threads/{thread_id}")
    assert total(shop) == before
    assert before["runs"] == 1


def test_runs_that_end_while_their_threads_go_are_counted_once(shop, upstream, together):
    """Whoever is quicker: the run with its end, or who deletes it."""
    upstream.reply_with(lambda _: Reply.text("One", " two"))
    made = []

    def create_or_delete(number: int):
        if number % 2:
            for _ in range(10):
                made.append(shop.post("/threads/runs", json=RUN).json()["thread_id"])
        else:
            for _ in range(10):
                shop.delete("/threads", params={"all": "true"})

    together(create_or_delete, 6)
    shop.delete("/threads", params={"all": "true"})
    wait_until(lambda: total(shop)["runs"] == len(made) == 30)


def test_runs_of_a_process_that_died_are_counted_once(database_url, tmp_path, upstream, call_as):
    upstream.reply(Reply.text("Never", " heard").stalled(after=5))
    keys = '["shop:key-of-the-shop-123456"]'
    settings = environment(database_url, upstream, API_KEYS=keys, ASSISTANTS_FILE="")
    with succession(tmp_path, settings) as servers:
        http = call_as(servers.first, KEYS["shop"]).http
        path = begun(http)
        assert upstream.wait_stalled()
        upstream.reply_with(lambda _: Reply.text("Said", " again"))
        heir = call_as(servers.kill_first(), KEYS["shop"]).http
        run = ended(heir, path)
        assert run["status"] == "completed"
        assert total(heir) == cost_of(run)


def test_a_stream_without_readers_is_counted(shop, upstream):
    upstream.reply(Reply.text("One", " two", " three").stalled(after=6))
    with streaming(shop, "/chat", {"message": "x"}) as reader:
        reader.until("delta")
    upstream.release()
    wait_until(lambda: total(shop)["runs"] == 1)
    assert total(shop)["completion_tokens"] == 3
