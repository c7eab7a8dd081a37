"""A run on a thread that has an active one: refused, lined up, or put in its place."""

import pytest

from tests.support.replies import Reply
from tests.support.stream_reader import events_of, following, names, run_path, streaming, unnumbered
from tests.support.talk import ended, error_of, text_of, texts
from tests.support.waiting import wait_until

ASSISTANT = {"assistant_id": "asst_default"}
FUNCTION = {"type": "function", "function": {"name": "f"}}


class Thread:
    """A thread whose first run hangs in its answer."""

    def __init__(self, server, upstream) -> None:
        self.http, self.upstream = server.http, upstream
        said = [{"role": "user", "content": "one"}]
        self.id = self.http.post("/threads", json={"messages": said}).json()["id"]
        self.path = f"/threads/{self.id}"

    def begin(self, *, adding: str | None = None, **options):
        body = {**ASSISTANT, **options}
        if adding:
            body["additional_messages"] = [{"role": "user", "content": adding}]
        return self.http.post(f"{self.path}/runs", json=body)

    def hang(self) -> str:
        """Begin a run whose model does not say a word yet; return its path."""
        self.upstream.reply(Reply.text("First", " answer").stalled())
        run = self.begin().json()
        assert self.upstream.wait_stalled()
        return f"{self.path}/runs/{run['id']}"

    def hang_in_mid_answer(self) -> str:
        """Begin a run that has said "Half" and no more; return its path."""
        self.upstream.reply(Reply.text("Half", " and half").stalled(after=5))
        with streaming(self.http, f"{self.path}/runs", ASSISTANT) as reader:
            reader.until("thread.message.delta")
        return run_path(reader.events)

    def say(self, text: str):
        return self.http.post(f"{self.path}/messages", json={"role": "user", "content": text})

    def end(self, run) -> str:
        """Return the run's last status."""
        return ended(self.http, f"{self.path}/runs/{run['id']}")["status"]

    def read_by(self, request: int) -> list[str]:
        """Return what the model was given to read."""
        items = self.upstream.requests[request].body["input"]
        return [item["content"][0]["text"] for item in items]


@pytest.fixture
def thread(start, upstream):
    def begin(policy: str, **settings) -> Thread:
        return Thread(start(busy_thread=policy, **settings), upstream)

    return begin


@pytest.mark.parametrize(("policy", "field"), [("reject", None), ("enqueue", "reject")])
def test_reject(thread, policy, field):
    busy = thread(policy)
    path = busy.hang()
    run_id = path.split("/")[-1]
    error = error_of(busy.begin(if_busy=field, adding="lost"))
    assert error["message"] == f"Thread {busy.id} already has an active run {run_id}."
    busy.upstream.release()
    ended(busy.http, path)
    assert texts(busy.http, busy.id) == [("user", "one"), ("assistant", "First answer")]


def test_a_message_is_refused_under_reject_only(thread):
    busy = thread("reject")
    path = busy.hang()
    error = error_of(busy.say("two"))
    assert error["message"] == (
        f"Can't add messages to {busy.id} while a run {path.split('/')[-1]} is active."
    )


@pytest.mark.parametrize(("policy", "field"), [("enqueue", None), ("reject", "enqueue")])
def test_enqueue(thread, policy, field):
    busy = thread(policy)
    first = busy.hang()
    second = busy.begin(if_busy=field, adding="two").json()
    assert (second["status"], second["started_at"]) == ("queued", None)
    busy.upstream.release()
    assert busy.end(second) == "completed"
    assert ended(busy.http, first)["status"] == "completed"
    assert [text for _, text in texts(busy.http, busy.id)] == [
        *("one", "two", "First answer", "Answer to: two")
    ]


def test_each_reads_what_stood_at_its_creation(thread):
    busy = thread("enqueue")
    busy.hang()
    second = busy.begin(adding="two").json()
    third = busy.begin(adding="three").json()
    assert busy.say("four").is_success
    busy.upstream.release()
    assert (busy.end(second), busy.end(third)) == ("completed", "completed")
    assert busy.read_by(0) == ["one"]
    # Not what the runs before it said since: it was not there.
    assert busy.read_by(1) == ["one", "two"]
    assert busy.read_by(2) == ["one", "two", "three"]
    fourth = busy.begin().json()
    assert busy.end(fourth) == "completed"
    assert set(busy.read_by(3)) >= {"one", "four", "First answer", "Answer to: three"}


def test_a_message_that_comes_meanwhile_is_not_read(thread):
    busy = thread("enqueue")
    busy.upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    run = busy.begin(tools=[FUNCTION]).json()
    path = f"{busy.path}/runs/{run['id']}"
    wait_until(lambda: busy.http.get(path).json()["status"] == "requires_action")
    assert busy.say("two").is_success
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "1"}]}
    busy.http.post(f"{path}/submit_tool_outputs", json=outputs)
    assert busy.end(run) == "completed"
    read = [item for item in busy.upstream.requests[1].body["input"] if item["type"] == "message"]
    assert [item["content"][0]["text"] for item in read] == ["one"]


def test_they_go_in_the_order_of_their_creation(thread):
    busy = thread("enqueue")
    busy.hang()
    runs = [busy.begin(adding=f"question {number}").json() for number in range(5)]
    busy.upstream.release()
    assert {busy.end(run) for run in runs} == {"completed"}
    said = [text for role, text in texts(busy.http, busy.id) if role == "assistant"]
    assert said == ["First answer", *(f"Answer to: question {number}" for number in range(5))]
    begun = [busy.http.get(f"{busy.path}/runs/{run['id']}").json() for run in runs]
    starts = [run["started_at"] for run in begun]
    assert starts == sorted(starts)


def test_one_in_line_begins_at_once_when_its_turn_comes(thread):
    busy = thread("enqueue", lease_seconds=600)
    busy.hang()
    # Its turn comes just as it looks for it.
    runs = [busy.begin().json() for _ in range(20)]
    busy.upstream.release()
    runs += [busy.begin().json() for _ in range(20)]
    assert {busy.end(run) for run in runs} == {"completed"}


def test_a_streamed_run_waits_in_line(thread):
    busy = thread("enqueue")
    busy.hang()
    with streaming(busy.http, f"{busy.path}/runs", ASSISTANT) as reader:
        reader.until("thread.run.queued")
        path = run_path(reader.events)
        assert busy.http.get(path).json()["status"] == "queued"
        busy.upstream.release()
        rest = names(reader.rest())
    assert (rest[0], rest[-2:]) == ("run.in_progress", ["run.completed", "done"])
    with following(busy.http, path) as again:
        again.rest()
    assert unnumbered(again.events) == reader.events
    assert [event.id for event in again.events[:-1]] == list(range(1, len(again.events)))


def test_one_in_line_is_cancelled(thread):
    busy = thread("enqueue")
    first = busy.hang()
    second = busy.begin(adding="two").json()
    third = busy.begin(adding="three").json()
    path = f"{busy.path}/runs/{second['id']}"
    assert busy.http.post(f"{path}/cancel").json()["status"] == "cancelling"
    cancelled = ended(busy.http, path)
    assert (cancelled["status"], cancelled["started_at"]) == ("cancelled", None)
    assert busy.http.get(first).json()["status"] == "in_progress"
    busy.upstream.release()
    assert busy.end(third) == "completed"
    assert len(busy.upstream.requests) == 2


def test_one_in_line_expires(thread, start):
    busy = thread("enqueue")
    first = busy.hang()
    impatient = start(busy_thread="enqueue", run_expires_seconds=1, lease_seconds=0.3)
    second = impatient.http.post(f"{busy.path}/runs", json=ASSISTANT).json()
    with following(busy.http, f"{busy.path}/runs/{second['id']}") as reader:
        assert names(reader.rest()) == ["run.created", "run.queued", "run.expired", "done"]
    assert busy.http.get(first).json()["status"] == "in_progress"
    busy.upstream.release()
    assert ended(busy.http, first)["status"] == "completed"
    assert len(busy.upstream.requests) == 1


def test_the_next_begins_when_the_one_before_fails(thread):
    busy = thread("enqueue")
    busy.upstream.reply(Reply.failed("server_error", "Broken.", "Half").stalled(after=5))
    first = busy.begin().json()
    assert busy.upstream.wait_stalled()
    second = busy.begin(adding="two").json()
    busy.upstream.release()
    assert (busy.end(first), busy.end(second)) == ("failed", "completed")


@pytest.mark.parametrize(("policy", "field"), [("interrupt", None), ("reject", "interrupt")])
def test_interrupt(thread, policy, field):
    busy = thread(policy)
    first = busy.hang_in_mid_answer()
    second = busy.begin(if_busy=field, adding="two").json()
    assert busy.upstream.wait_hang_up(), "the model works on"
    assert busy.end(second) == "completed"
    assert ended(busy.http, first)["status"] == "cancelled"
    page = busy.http.get(f"{busy.path}/messages", params={"order": "asc"}).json()["data"]
    assert [(text_of(message), message["status"]) for message in page] == [
        *(("one", "completed"), ("Half", "incomplete")),
        *(("two", "completed"), ("Answer to: two", "completed")),
    ]


def test_interrupting_ends_what_waits_in_line_too(thread):
    busy = thread("enqueue")
    first = busy.hang_in_mid_answer()
    second = busy.begin().json()
    third = busy.begin(if_busy="interrupt", adding="three").json()
    assert busy.end(third) == "completed"
    assert busy.end(second) == "cancelled"
    assert ended(busy.http, first)["status"] == "cancelled"
    assert len(busy.upstream.requests) == 2


def test_a_run_that_waits_for_its_client_is_interrupted(thread):
    busy = thread("interrupt")
    busy.upstream.reply(Reply.function_calls(("call_1", "f", "{}")))
    run = busy.begin(tools=[FUNCTION]).json()
    path = f"{busy.path}/runs/{run['id']}"
    wait_until(lambda: busy.http.get(path).json()["status"] == "requires_action")
    assert busy.say("two").is_success
    events = events_of(busy.http, f"{busy.path}/runs", ASSISTANT)
    assert names(events)[-2:] == ["run.completed", "done"]
    assert busy.end(run) == "cancelled"
    assert busy.read_by(1) == ["one", "two"]


def test_if_busy_is_one_of_three(thread):
    error = error_of(thread("reject").begin(if_busy="rollback"))
    assert error["param"] == "if_busy"
