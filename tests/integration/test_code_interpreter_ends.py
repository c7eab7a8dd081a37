"""Runs that end while their code runs: it stops, and the thread goes on with its variables."""

import tempfile
from typing import Any

import pytest

from app.engine.tools.code_interpreter import deleted_threads
from tests.support.code_interpreter import (
    CODE,
    asked,
    coding,
    outputs_of,
    pieces_of,
)
from tests.support.function_calls import outputs
from tests.support.interpreters import require_interpreter
from tests.support.replies import Reply
from tests.support.stream_reader import events_of, names, run_path, streaming
from tests.support.talk import ended
from tests.support.waiting import wait_until

# Counts in a file, so that one can see whether it still runs.
ENDLESS = """
import time
n = 0
print("begun")
while True:
    n += 1
    with open("/mnt/data/.count", "w") as file:
        print(n, file=file)
    time.sleep(0.01)
"""
LOOKS = """
import time
counts = []
for _ in range(2):
    with open("/mnt/data/.count") as file:
        counts.append(file.read())
    time.sleep(0.3)
print(counts[0] == counts[1], n > 0)
"""


@pytest.fixture
def begun(start, upstream):
    """Start a server, and a run whose code runs without end; yield both and the run's path."""
    require_interpreter()

    def begin(**settings: Any) -> tuple[Any, str, Any]:
        server = start(code_interpreter="auto", lease_seconds=300, **settings)
        assistant = server.client.beta.assistants.create(model="m", instructions="x", tools=[CODE])
        # The first session takes seconds on a busy machine.
        upstream.reply(coding("None"), Reply.text("Warm."))
        events_of(server.http, "/threads/runs", asked(assistant.id))
        upstream.reply(coding(ENDLESS))
        with streaming(server.http, "/threads/runs", asked(assistant.id)) as reader:
            while not any(outputs_of(piece) for piece in pieces_of(reader.events)):
                assert reader.next() is not None
        return server, run_path(reader.events), assistant.id

    return begin


def goes_on(server: Any, path: str, assistant_id: str, upstream: Any) -> None:
    """The code has stopped, and its variables are still there."""
    count = len(upstream.requests)
    upstream.reply(coding(LOOKS), Reply.text("Done."))
    thread = path.split("/runs/")[0]
    events = events_of(server.http, f"{thread}/runs", {"assistant_id": assistant_id})
    assert names(events)[-2:] == ["run.completed", "done"]
    assert outputs(upstream, count + 1) == ["True True"]


def test_a_cancel_stops_the_code(begun, upstream):
    server, path, assistant_id = begun()
    assert server.http.post(f"{path}/cancel").json()["status"] == "cancelling"
    assert ended(server.http, path)["status"] == "cancelled"
    (step,) = server.http.get(f"{path}/steps").json()["data"]
    (call,) = step["step_details"]["tool_calls"]
    assert (step["status"], call["code_interpreter"]) == (
        "cancelled",
        {"input": ENDLESS, "outputs": [{"type": "logs", "logs": "begun\n"}]},
    )
    goes_on(server, path, assistant_id, upstream)


def test_an_expiry_stops_the_code(begun, upstream):
    server, path, assistant_id = begun(run_expires_seconds=10)
    assert ended(server.http, path)["status"] == "expired"
    goes_on(server, path, assistant_id, upstream)


def test_a_deleted_thread_stops_the_code_and_takes_its_folder_along(begun, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(deleted_threads, "_LOOK_EVERY", 0.05)
    server, path, _ = begun()
    assert [*tmp_path.glob("threadkeeper-interpreter-*/*/data/.count")]
    assert server.http.delete(path.split("/runs/")[0]).json()["deleted"]
    wait_until(lambda: not [*tmp_path.glob("threadkeeper-interpreter-*/*/data/.count")])


def test_a_time_limit_is_text_for_the_model(start, upstream):
    require_interpreter()
    server = start(code_interpreter="auto", code_interpreter_seconds=1)
    assistant = server.client.beta.assistants.create(model="m", instructions="x", tools=[CODE])
    upstream.reply(coding(ENDLESS), coding(LOOKS, "call_2"), Reply.text("Done."))
    events = events_of(server.http, "/threads/runs", asked(assistant.id))
    assert names(events)[-2:] == ["run.completed", "done"]
    stopped, looked = outputs(upstream, 2)
    assert "took more than 1 seconds" in stopped
    assert looked == "True True"
