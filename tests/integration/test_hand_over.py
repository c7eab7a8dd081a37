"""The next run of a thread begins when the one before it ends, whatever happens at that moment.

Leases are long in here: no beat makes good what a hand-over missed.
"""

import pytest
from sqlalchemy import text

from app.engine import claim as claiming
from app.engine import tasks
from app.engine.recorder import Recorder
from tests.support.function_calls import call, function_tools
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.talk import ended, error_of
from tests.support.waiting import wait_until

SLOW_BEAT = {"lease_seconds": 300}


def ask(server, thread_id, message="q"):
    return server.http.post("/chat", json={"message": message, "thread_id": thread_id})


def runs_of(server, thread_id):
    return server.http.get(f"/threads/{thread_id}/runs", params={"order": "asc"}).json()["data"]


def stalled_run(server, upstream):
    """Return a thread with a run that is executed until the upstream is released."""
    upstream.reply(Reply.text("First").stalled())
    assistant_id = server.client.beta.assistants.create(model="m").id
    thread = {"messages": [{"role": "user", "content": "hello"}]}
    body = {"assistant_id": assistant_id, "thread": thread}
    run = server.http.post("/threads/runs", json=body).json()
    assert upstream.wait_stalled()
    return run


@pytest.fixture
def claims(monkeypatch):
    """Whether each claim was granted, in their order."""
    granted: list[bool] = []

    def claim(*args):
        claimed = claim_as_ever(*args)
        granted.append(claimed is not None)
        return claimed

    claim_as_ever = claiming.claim
    monkeypatch.setattr(tasks, "claim", claim)
    return granted


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_a_run_created_while_another_ends_is_started(start, upstream, aside, database_url, claims):
    """The statement that ends a run doesn't see what was committed after it had begun."""
    server = start(**SLOW_BEAT)
    run = stalled_run(server, upstream)
    with connected(database_url) as rows:
        rows.execute(text(_GATE))
    with connected(database_url) as gate, connected(database_url) as rows:
        gate.execute(text("SELECT pg_advisory_xact_lock(424242)"))
        upstream.release()
        wait_until(lambda: rows.execute(text(_AT_THE_GATE)).scalar())
        asking = aside(lambda: ask(server, run["thread_id"]))
        # It finds the run still active, or waits for its end.
        wait_until(
            lambda: (
                (False in claims and rows.execute(_FREE, {"key": run["id"]}).scalar())
                or rows.execute(text(_BEHIND_IT)).scalar()
            )
        )
    assert asking.result(timeout=60).json()["message"] == "Answer to: q"


_GATE = """
CREATE FUNCTION pass_the_gate() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock_shared(424242); RETURN NULL; END $$;
CREATE TRIGGER gate BEFORE UPDATE ON runs FOR EACH STATEMENT EXECUTE FUNCTION pass_the_gate()
"""
_AT_THE_GATE = "SELECT pid FROM pg_locks WHERE NOT granted AND objid = 424242"
_FREE = text("SELECT 1 FROM runs WHERE id = :key FOR UPDATE SKIP LOCKED")
_BEHIND_IT = f"""
SELECT count(*) FROM pg_stat_activity WHERE pg_blocking_pids(pid) && ARRAY({_AT_THE_GATE})
"""


def test_one_that_ends_at_the_very_moment_of_its_expiry(start, upstream, aside, monkeypatch):
    """What interrupts a run after its last commit takes nothing back."""
    server = start(**SLOW_BEAT)

    async def record(recorder, changes, move=None):
        run = await record_as_ever(recorder, changes, move)
        if move is not None and interrupted:
            raise interrupted.pop()
        return run

    record_as_ever = Recorder.record
    interrupted = [TimeoutError()]
    monkeypatch.setattr(Recorder, "record", record)
    run = stalled_run(server, upstream)
    asking = aside(lambda: ask(server, run["thread_id"]))
    wait_until(lambda: len(runs_of(server, run["thread_id"])) == 2)
    upstream.release()
    assert asking.result(timeout=60).json()["message"] == "Answer to: q"
    assert interrupted == []
    assert [one["status"] for one in runs_of(server, run["thread_id"])] == ["completed"] * 2


def test_a_thread_with_an_older_active_run_does_not_take_the_turn_of_another(
    start, upstream, aside
):
    server = start(**SLOW_BEAT)
    upstream.reply(Reply.function_calls(call("mine")))
    assistant = server.client.beta.assistants.create(model="m", tools=function_tools("mine"))
    server.http.post("/chat", json={"message": "x", "assistant_id": assistant.id})
    run = stalled_run(server, upstream)
    asking = aside(lambda: ask(server, run["thread_id"]))
    wait_until(lambda: len(runs_of(server, run["thread_id"])) == 2)
    upstream.release()
    assert asking.result(timeout=60).json()["message"] == "Answer to: q"


@pytest.mark.parametrize("through", [0, 1])
def test_a_waiting_run_is_cancelled_through_any_process(start, upstream, aside, through):
    servers = [start(**SLOW_BEAT), start(**SLOW_BEAT)]
    run = stalled_run(servers[0], upstream)
    path = f"/threads/{run['thread_id']}/runs"
    asking = aside(lambda: ask(servers[1], run["thread_id"]))
    wait_until(lambda: len(runs_of(servers[0], run["thread_id"])) == 2)
    waiting = runs_of(servers[0], run["thread_id"])[1]
    assert waiting["status"] == "queued"
    assert servers[through].http.post(f"{path}/{waiting['id']}/cancel").is_success
    assert ended(servers[0].http, f"{path}/{waiting['id']}")["status"] == "cancelled"
    assert "run_cancelled" in asking.result(timeout=60).text
    upstream.release()
    assert ended(servers[0].http, f"{path}/{run['id']}")["status"] == "completed"


# What a client does while another one waits for the row of the thread's active run.


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@pytest.mark.parametrize("becomes", ["cancelling", "cancelled", "queued", "expired"])
def test_a_chat_meets_what_becomes_of_the_run_that_waits_for_its_client(
    start, upstream, aside, database_url, becomes
):
    server = start(**SLOW_BEAT)
    tools = function_tools("mine")
    assistant_id = server.client.beta.assistants.create(model="m", tools=tools).id
    upstream.reply(Reply.function_calls(call("mine")))
    said = server.http.post("/chat", json={"message": "x", "assistant_id": assistant_id}).json()
    thread_id, run_id = said["thread_id"], said["run_id"]
    asking = moved_meanwhile(database_url, run_id, becomes, aside, lambda: ask(server, thread_id))
    if becomes in ("cancelling", "queued"):
        wait_until(lambda: len(runs_of(server, thread_id)) == 2)
        assert runs_of(server, thread_id)[1]["status"] == "queued"
        moved(database_url, run_id, "cancelled")
        server.http.post(f"/threads/{thread_id}/runs/{runs_of(server, thread_id)[1]['id']}/cancel")
        assert "run_cancelled" in asking.result(timeout=60).text
    else:
        assert asking.result(timeout=60).json()["message"] == "Answer to: q"


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_a_run_that_makes_others_give_way_meets_the_end_of_one(
    start, upstream, aside, database_url
):
    server = start(**SLOW_BEAT)
    run = stalled_run(server, upstream)
    path = f"/threads/{run['thread_id']}/runs"
    body = {"assistant_id": run["assistant_id"], "if_busy": "interrupt"}
    asking = moved_meanwhile(
        database_url, run["id"], "completed", aside, lambda: server.http.post(path, json=body)
    )
    answer = asking.result(timeout=60)
    assert answer.status_code == 200, answer.text
    assert ended(server.http, f"{path}/{answer.json()['id']}")["status"] == "completed"
    upstream.release()


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@pytest.mark.parametrize("path", ["cancel", "submit_tool_outputs"])
def test_a_run_whose_thread_is_being_deleted_is_not_found(
    start, upstream, aside, database_url, path
):
    server = start(**SLOW_BEAT)
    run = stalled_run(server, upstream)
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/{path}"
    with connected(database_url) as rows, connected(database_url) as watcher:
        rows.execute(text("DELETE FROM threads WHERE id = :key"), {"key": run["thread_id"]})
        pid = rows.execute(text("SELECT pg_backend_pid()")).scalar()
        acting = aside(lambda: server.http.post(path, json={"tool_outputs": []}))
        wait_until(lambda: watcher.execute(_BEHIND, {"pid": pid}).scalar())
    error_of(acting.result(timeout=60), 404)
    upstream.release()


def moved_meanwhile(database_url, run_id, status, aside, act):
    """Act in a thread while another transaction moves the run; return the result to come."""
    with connected(database_url) as rows, connected(database_url) as watcher:
        rows.execute(_MOVE, {"key": run_id, "to": status})
        pid = rows.execute(text("SELECT pg_backend_pid()")).scalar()
        asking = aside(act)
        wait_until(lambda: watcher.execute(_BEHIND, {"pid": pid}).scalar())
    return asking


def moved(database_url, run_id, status):
    with connected(database_url) as rows:
        rows.execute(_MOVE, {"key": run_id, "to": status})


_MOVE = text("UPDATE runs SET status = :to WHERE id = :key")
_BEHIND = text("SELECT count(*) FROM pg_stat_activity WHERE :pid = ANY(pg_blocking_pids(pid))")
