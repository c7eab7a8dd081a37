"""Servers that are killed, stopped or exchanged while they run code: nothing is lost, and nothing
is said or made twice."""

import os
import signal
from typing import Any

import pytest

from app.engine.tools.code_interpreter.texts import LOST
from tests.e2e.test_two_clocks import stop, two_servers
from tests.support.code_interpreter import CODE, asked, coding, outputs_of, pieces_of
from tests.support.function_calls import call, outputs
from tests.support.heirs import environment, succession
from tests.support.interpreters import require_interpreter
from tests.support.replies import Reply
from tests.support.stream_reader import StreamReader, begun, events_of, following, names, run_path
from tests.support.talk import ended, text_of
from tests.support.waiting import wait_until

# Appends to a file: if that were kept although its call is not answered, it would be there twice.
APPENDS = "with open('/mnt/data/log.txt', 'a') as file: print('once', file=file)"
READS = "with open('/mnt/data/log.txt') as file: print(file.read())"
SLOW = f"import time\n{APPENDS}\nprint('begun')\ntime.sleep(2)\nprint('done')"
CODES = [(1, APPENDS), (2, SLOW)]
LINK = "See sandbox:/mnt/data/log.txt"


@pytest.fixture
def settings(database_url, upstream, tmp_path):
    require_interpreter()
    return environment(
        database_url,
        upstream,
        CODE_INTERPRETER="auto",
        FILES_URL=str(tmp_path / "files"),
        ASSISTANTS_FILE="",
    )


@pytest.fixture
def servers(settings, tmp_path):
    with succession(tmp_path, settings) as pair:
        yield pair


def assistant_of(http: Any) -> str:
    body = {"model": "m", "instructions": "Compute.", "tools": [CODE]}
    assistant_id: str = http.post("/assistants", json=body).json()["id"]
    return assistant_id


def until_output(reader: StreamReader, text: str, index: int = 0) -> None:
    """Read on until a call's output contains the text."""

    def heard() -> str:
        return "".join(
            one.get("logs", "")
            for piece in pieces_of(reader.events)
            if piece["index"] == index
            for one in outputs_of(piece)
        )

    while text not in heard():
        assert reader.next() is not None


def check_end(http: Any, path: str, log: str) -> None:
    """The run has ended, with one file, which has this text, and which its message links to."""
    assert ended(http, path)["status"] == "completed"
    thread = path.split("/runs/")[0]
    (message,) = http.get(f"{thread}/messages", params={"limit": 1}).json()["data"]
    assert text_of(message) == LINK
    (one,) = message["content"][0]["text"]["annotations"]
    files = http.get("/files").json()["data"]
    assert [file["id"] for file in files] == [one["file_path"]["file_id"]]
    assert http.get(f"/files/{files[0]['id']}/content").text == log
    steps = http.get(f"{path}/steps").json()["data"]
    assert {step["status"] for step in steps} == {"completed"}


def logs_of(http: Any, path: str) -> list[str]:
    """Return what the run's calls have printed, as its steps have it."""
    steps = http.get(f"{path}/steps", params={"order": "asc"}).json()["data"]
    calls = [one for step in steps for one in step["step_details"].get("tool_calls", [])]
    return ["".join(out["logs"] for out in one["code_interpreter"]["outputs"]) for one in calls]


def test_killed_in_mid_code(servers, upstream):
    http = servers.first.http
    upstream.reply(coding(SLOW), Reply.text(LINK))
    with begun(http, "/threads/runs", asked(assistant_of(http))) as reader:
        until_output(reader, "begun")
        path = run_path(reader.events)
        heir = servers.kill_first()
    with following(heir.http, path, reader.events[-1].id) as resumed:
        rest = resumed.rest()
    # The reader has seen some of the output; the completed step has it once and whole.
    assert [name for name in names(rest) if name != "message.delta"] == [
        *("step.completed", "step.created", "step.in_progress"),
        *("message.created", "message.in_progress", "message.completed"),
        *("step.completed", "run.completed", "done"),
    ]
    assert logs_of(heir.http, path) == ["begun\ndone\n"]
    assert outputs(upstream)[0].startswith("begun\ndone")
    assert LOST not in outputs(upstream)[0], "of this the model has seen nothing"
    assert len(upstream.requests) == 2, "the round that was committed is not asked again"
    check_end(heir.http, path, "once\n")


def test_killed_between_code_and_answer(servers, upstream):
    """The first call's code has run and its output is out, but nothing of it is stored."""
    http = servers.first.http
    calls = [
        call("code_interpreter", f"call_{n}", code=code) for n, code in enumerate([APPENDS, SLOW])
    ]
    upstream.reply(Reply.function_calls(*calls), Reply.text(LINK))
    with begun(http, "/threads/runs", asked(assistant_of(http))) as reader:
        until_output(reader, "begun", index=1)
        path = run_path(reader.events)
        heir = servers.kill_first()
    assert ended(heir.http, path)["status"] == "completed"
    assert logs_of(heir.http, path) == ["", "begun\ndone\n"]
    check_file(heir.http, path, "once\nonce\n")


def check_file(http: Any, path: str, log: str) -> None:
    """The message links to the newest version of the file; each call has made one."""
    thread = path.split("/runs/")[0]
    (message,) = http.get(f"{thread}/messages", params={"limit": 1}).json()["data"]
    (one,) = message["content"][0]["text"]["annotations"]
    files = http.get("/files").json()["data"]
    assert len(files) == 2
    assert files[0]["id"] == one["file_path"]["file_id"]
    assert http.get(f"/files/{files[0]['id']}/content").text == log


def test_killed_after_the_answer(servers, upstream):
    """The code does not run again. The next has its files, and reads once what is lost."""
    http = servers.first.http
    upstream.reply(
        *(coding(f"x = 1\n{APPENDS}"), Reply.text("Never.").stalled(after=1)),
        *(coding(f"print('x' in globals())\n{READS}", "call_2"), coding("print(2)", "call_3")),
        Reply.text(LINK),
    )
    with begun(http, "/threads/runs", asked(assistant_of(http))) as reader:
        reader.until("thread.run.step.completed")
        assert upstream.wait_stalled()
        path = run_path(reader.events)
        heir = servers.kill_first()
    check_end(heir.http, path, "once\n")
    _, second, third = outputs(upstream, 4)
    assert (second, third) == (f"{LOST}\nFalse\nonce\n", "2")
    assert logs_of(heir.http, path) == ["", "False\nonce\n\n", "2\n"]


def test_a_thread_moves_to_another_server_and_back(settings, upstream, tmp_path):
    """No server takes its own old variables for the thread's."""
    with two_servers(tmp_path, settings, 0, 0) as (first, second):
        assistant_id = assistant_of(first.http)
        thread_id = first.http.post("/threads").json()["id"]
        said = []
        for http in (first.http, second.http, first.http, first.http):
            code = f"{APPENDS}\nx = globals().get('x', 0) + 1\nprint(x)\n{READS}"
            upstream.reply(coding(code), Reply.text(LINK))
            path = f"/threads/{thread_id}/runs"
            events_of(http, path, {"assistant_id": assistant_id})
            said.append(outputs(upstream, len(upstream.requests) - 1)[0].split("\n\n")[0])
    once = "once\n"
    assert said == [
        "1\nonce",
        f"{LOST}\n1\n{once}once",
        f"{LOST}\n1\n{once * 2}once",
        f"2\n{once * 3}once",
    ]


def test_a_server_that_is_stopped_while_its_code_runs(settings, database_url, upstream, tmp_path):
    """What it has computed when it goes on is nobody's any more."""
    upstream.reply(coding(SLOW), Reply.text(LINK))
    with two_servers(tmp_path, settings, 0, 0) as (first, second):
        with begun(first.http, "/threads/runs", asked(assistant_of(first.http))) as reader:
            until_output(reader, "begun")
            path = run_path(reader.events)
            stop(first, database_url)
            try:
                assert ended(second.http, path)["status"] == "completed"
            finally:
                os.kill(first.pid, signal.SIGCONT)
        # Another process has taken it over, or what was being stored came too late.
        run_id = path.rpartition("/")[2]
        wait_until(lambda: f"run {run_id}: " in first.log)
        assert logs_of(second.http, path) == ["begun\ndone\n"]
        check_end(second.http, path, "once\n")
        assert len(upstream.requests) == 2
