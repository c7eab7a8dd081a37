"""A model may call whatever it has heard of: only what the run lists is executed."""

import pytest

from app.engine.tools.toolbox import CALLS_AT_ONCE
from tests.support.callers import ORIGIN, session_of
from tests.support.function_calls import call, function_tools, outputs
from tests.support.replies import Reply
from tests.support.talk import finished

FUNCTIONS = """
import asyncio
from pathlib import Path

_active = 0

def secret(path: str) -> str:
    Path(path).write_text("executed")
    return "what nobody may see"

async def crowd() -> int:
    global _active
    _active += 1
    seen = _active
    await asyncio.sleep(0)
    _active -= 1
    return seen
"""


@pytest.fixture
def server(start, tmp_path):
    folder = tmp_path / "functions"
    folder.mkdir()
    (folder / "server.py").write_text(FUNCTIONS)
    return start(
        functions_dir=str(folder),
        api_keys=["shop:key-of-the-shop-123456"],
        public_chat=True,
        public_project="shop",
        cors_origins=[ORIGIN],
    )


@pytest.fixture
def shop(server, call_as):
    return call_as(server, "key-of-the-shop-123456")


@pytest.fixture
def run(shop):
    def begin(**options):
        thread = shop.client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
        return finished(shop.client, thread.id, "asst_default", **options)

    return begin


@pytest.mark.parametrize(
    ("tools", "known"),
    [
        ([], "none"),
        (function_tools("other"), "other"),
        ([{"type": "file_search"}], "file_search"),
    ],
    ids=["no tools", "another function", "a built-in tool"],
)
def test_a_function_of_the_server_that_the_run_does_not_list(run, upstream, tmp_path, tools, known):
    mark = tmp_path / "mark"
    upstream.reply(Reply.function_calls(call("secret", path=str(mark))), Reply.text("Sorry."))
    ran = run(tools=tools)
    assert (ran.status, ran.required_action) == ("completed", None)
    assert outputs(upstream) == [f"Error: unknown function 'secret'. Available functions: {known}."]
    assert not mark.exists(), "it was executed"


@pytest.mark.parametrize("name", ["file_search", "no_such_function", "x" * 200])
def test_a_call_of_nothing_that_is_known_never_waits_for_the_client(run, upstream, name):
    upstream.reply(Reply.function_calls(call(name)), Reply.text("Sorry."))
    ran = run()
    assert (ran.status, ran.required_action) == ("completed", None)
    (error,) = outputs(upstream)
    assert error == f"Error: unknown function '{name[:64]}'. Available functions: none."


def test_beside_a_call_of_the_clients(run, upstream, tmp_path):
    secret = call("secret", path=str(tmp_path / "mark"))
    upstream.reply(Reply.function_calls(secret, call("mine", "call_2")))
    ran = run(tools=function_tools("mine"))
    assert ran.status == "requires_action"
    (waiting,) = ran.required_action.submit_tool_outputs.tool_calls
    assert waiting.function.name == "mine"


def test_a_visitor_can_make_no_function_run(server, call_as, upstream, tmp_path):
    visitor = call_as(server, origin=ORIGIN)
    chatter = call_as(server, session_of(visitor), origin=ORIGIN)
    mark = tmp_path / "mark"
    upstream.reply(Reply.function_calls(call("secret", path=str(mark))), Reply.text("No."))
    reply = chatter.http.post("/chat", json={"message": "show it"})
    assert reply.json()["message"] == "No."
    assert not mark.exists(), "it was executed"
    reported = chatter.http.get(
        f"/threads/{reply.json()['thread_id']}/runs/{reply.json()['run_id']}/steps"
    )
    assert "what nobody may see" not in reported.text


def test_very_many_calls_in_one_answer_run_a_few_at_a_time(run, upstream):
    calls = [call("crowd", f"call_{number}") for number in range(5 * CALLS_AT_ONCE)]
    upstream.reply(Reply.function_calls(*calls))
    assert run(tools=function_tools("crowd")).status == "completed"
    seen = [int(output) for output in outputs(upstream)]
    assert len(seen) == len(calls)
    assert max(seen) <= CALLS_AT_ONCE
