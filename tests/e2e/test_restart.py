"""The process itself: killed, stopped, started again, misconfigured."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from app.db import messages, runs
from tests.support.heirs import environment
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.server import ProcessServer, process_server
from tests.support.talk import ended, error_of, texts

FUNCTION = {"type": "function", "function": {"name": "f"}}
WITH_FUNCTION: Any = {
    "assistant_id": "asst_default",
    "tools": [FUNCTION],
    "thread": {"messages": [{"role": "user", "content": "go"}]},
}


@pytest.fixture
def database_url(empty_database_url):
    """Here the first start makes the tables."""
    return empty_database_url


@pytest.fixture
def settings(database_url, upstream):
    return environment(database_url, upstream)


def chat(server: ProcessServer, message: str, **more: object) -> dict:
    response = server.http.post("/chat", json={"message": message, **more})
    assert response.status_code == 200, response.text
    reply: dict = response.json()
    return reply


def test_what_was_said_and_what_waits_outlives_a_kill(settings, tmp_path, upstream):
    with process_server(tmp_path, **settings) as server:
        thread_id = chat(server, "one")["thread_id"]
        upstream.reply(Reply.function_calls(("call_1", "f", "{}"), reasoning="sealed"))
        run = server.client.beta.threads.create_and_run_poll(**WITH_FUNCTION)
        server.kill()
    with process_server(tmp_path, **settings) as server:
        assert chat(server, "two", thread_id=thread_id)["message"] == "Answer to: two"
        assert texts(server.http, thread_id) == [
            ("user", "one"),
            ("assistant", "Answer to: one"),
            ("user", "two"),
            ("assistant", "Answer to: two"),
        ]
        assert len(upstream.requests[2].body["input"]) == 3
        answer_waiting(server, run.model_dump())
    kinds = [item["type"] for item in upstream.requests[3].body["input"]]
    assert kinds == ["message", "reasoning", "function_call", "function_call_output"]


def answer_waiting(server: ProcessServer, run: dict) -> None:
    """Look that a run waits as it did before, and answer it."""
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    waiting = server.http.get(path).json()
    assert waiting["status"] == "requires_action"
    assert waiting["required_action"] == run["required_action"]
    error_of(server.http.post(f"/threads/{run['thread_id']}/runs"))
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "done"}]}
    assert server.http.post(f"{path}/submit_tool_outputs", json=outputs).is_success
    assert ended(server.http, path)["status"] == "completed"


def test_a_signal_lets_a_run_end_and_stops_it_soon(settings, database_url, tmp_path, upstream):
    upstream.reply(Reply.text("In", " time.").stalled())
    with process_server(tmp_path, **settings) as server:
        run = server.http.post("/threads/runs", json={"assistant_id": "asst_default"}).json()
        assert upstream.wait_stalled()
        server.terminate()
        upstream.release()
        begun = time.monotonic()
        server.wait()
        # Connections that ask for nothing do not hold it up.
        assert time.monotonic() - begun < 5
        assert "ERROR" not in server.log and "Traceback" not in server.log
    with connected(database_url) as connection:
        done, said = runs.find(connection, run["id"]), messages.last_of_run(connection, run["id"])
    assert done is not None and done.status == "completed"
    assert said is not None and said.content[0]["text"]["value"] == "In time."


def test_a_stop_that_was_asked_for_is_no_failure(tmp_path):
    database = f"sqlite:///{(tmp_path / 'test.db').as_posix()}"
    with process_server(tmp_path, DATABASE_URL=database) as server:
        server.terminate()
        # It has ended in order, and then of the signal, as whoever sent it expects.
        assert server.wait() == -signal.SIGTERM
        assert "Application shutdown complete" in server.log


@pytest.mark.parametrize(
    ("wrong", "lines"),
    [
        ({"PORT": "x"}, ["PORT: must be a whole number from 0 to 65535, got 'x'"]),
        (
            {
                "DATABASE_URL": "mysql://root:secret@db/x",
                "CORS_ORIGINS": "x",
                "POLL_AFTER_MS": "0",
            },
            [
                "CORS_ORIGINS: must be a JSON list of origins without a path, such as "
                "[\"https://example.org\"], got 'x'",
                "DATABASE_URL: must begin with sqlite:/// or postgresql://, got 'mysql://…'",
                "POLL_AFTER_MS: must be a whole number from 1 to 10000, got '0'",
            ],
        ),
    ],
    ids=["one", "several"],
)
def test_a_wrong_setting_is_reported_in_one_line(tmp_path: Path, wrong, lines):
    process = ProcessServer(tmp_path, **wrong)
    assert process.wait() == 2
    assert process.log.splitlines() == lines


def test_a_database_that_is_not_there_ends_the_start(tmp_path):
    url = "postgresql://nobody:secret@127.0.0.1:9/none?connect_timeout=2"
    process = ProcessServer(tmp_path, DATABASE_URL=url)
    assert process.wait() != 0
    assert "secret" not in process.log
