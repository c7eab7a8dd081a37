"""Tools that fail, hang or get in each other's way: their run ends, and its thread goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from app.db.rows import RunRow
from app.engine.tools import toolbox
from app.engine.tools.tool import Answer, Call, Draft, Emit, Text, ToolSession, Unstreamed
from app.tools import TOOLS
from tests.support.function_calls import call, function_tools, outputs
from tests.support.replies import Reply
from tests.support.talk import ended
from tests.support.waiting import wait_until

TYPE = "code_interpreter"
Act = Callable[["Faulty"], Awaitable[None]]


class Faulty(ToolSession):
    """A `Tool` and its one session, with what each of its methods does besides."""

    type = TYPE

    def __init__(self) -> None:
        self.done: list[str] = []
        self.acts: dict[str, Act] = {}
        self.begins: Callable[[], None] = lambda: None
        self.emits: list[Emit] = []

    def begin(self, _run: RunRow, *_: Sequence[dict[str, Any]]) -> ToolSession:
        self.begins()
        return self

    def offers(self) -> list[dict[str, Any]]:
        return [{"type": "function", "name": TYPE, "parameters": {}, "strict": False}]

    def draft(self, _: str) -> Draft:
        return Unstreamed({"type": TYPE, TYPE: {"input": "", "outputs": []}})

    async def open(self) -> None:
        await self._act("open")

    async def answer(self, call: Call, emit: Emit) -> Answer:
        self.emits.append(emit)
        await self._act(call.id)
        return Answer([Text(f"answer to {call.id}")])

    async def close(self) -> None:
        await self._act("close")

    async def _act(self, name: str) -> None:
        try:
            if name in self.acts:
                await self.acts[name](self)
            self.done.append(name)
        except BaseException as error:
            self.done.append(f"{name}: {type(error).__name__}")
            raise


def raising(error: BaseException) -> Act:
    async def act(_: Faulty) -> None:
        raise error

    return act


async def hang(_: Faulty) -> None:
    await asyncio.Event().wait()


@pytest.fixture
def tool():
    return Faulty()


@pytest.fixture
def server(start, tool):
    return start(tools=[*TOOLS, lambda _: tool], lease_seconds=300)


@pytest.fixture
def begun(server, upstream):
    """Start a run that makes these calls, the first of them at once; return its path."""

    def begin(*replies: Reply, tools: Any = ({"type": TYPE},)) -> str:
        upstream.reply(*replies)
        create = server.client.beta.assistants.create
        assistant = create(model="m", instructions="x", tools=[*tools])
        run = server.http.post("/threads/runs", json={"assistant_id": assistant.id}).json()
        return f"/threads/{run['thread_id']}/runs/{run['id']}"

    return begin


def goes_on(server: Any, path: str) -> None:
    """Look that the thread of the run at `path` answers."""
    body = {"message": "q", "thread_id": path.split("/")[2]}
    assert server.http.post("/chat", json=body).json()["message"] == "Answer to: q"


def calls(*ids: str) -> Reply:
    return Reply.function_calls(*(call(TYPE, one) for one in ids))


def test_one_that_can_not_begin_ends_the_run(server, tool, begun):
    def fail() -> None:
        raise RuntimeError

    tool.begins = fail
    path = begun(Reply.text("Never."))
    run = ended(server.http, path)
    assert (run["status"], run["last_error"]["code"]) == ("failed", "server_error")


@pytest.mark.parametrize("where", ["open", "call_1"])
@pytest.mark.parametrize("error", [RuntimeError(), TimeoutError()], ids=["fault", "timeout"])
def test_a_failure_of_a_tool_is_no_expiry(server, tool, begun, upstream, where, error):
    tool.acts[where] = raising(error)
    run = ended(server.http, path := begun(calls("call_1")))
    assert (run["status"], run["last_error"]["code"]) == ("failed", "server_error")
    wait_until(lambda: "close" in tool.done)
    tool.acts.clear()
    upstream.reset()
    goes_on(server, path)


def test_no_call_is_answered_any_more_once_another_has_failed(server, tool, begun):
    """Its deltas would come after the end of the run, and its session is closed."""
    both = asyncio.Event()

    async def wait(_: Faulty) -> None:
        both.set()
        await asyncio.Event().wait()

    async def fail(_: Faulty) -> None:
        await both.wait()
        raise RuntimeError

    tool.acts |= {"call_1": wait, "call_2": fail}
    run = ended(server.http, begun(calls("call_1", "call_2")))
    assert run["status"] == "failed"
    wait_until(lambda: "close" in tool.done)
    assert tool.done == ["open", "call_2: RuntimeError", "call_1: CancelledError", "close"]


def test_a_cancel_waits_for_every_call_before_it_closes(server, tool, begun):
    async def tidy_up(_: Faulty) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for _step in range(5):
                await asyncio.sleep(0)

    tool.acts |= {"call_1": hang, "call_2": tidy_up}
    path = begun(calls("call_1", "call_2"))
    wait_until(lambda: len(tool.emits) == 2)
    server.http.post(f"{path}/cancel")
    assert ended(server.http, path)["status"] == "cancelled"
    wait_until(lambda: "close" in tool.done)
    cancelled = ["call_1: CancelledError", "call_2: CancelledError"]
    assert tool.done == ["open", *cancelled, "close"]


def test_one_that_fails_to_close_takes_nothing_back(server, tool, begun):
    tool.acts["close"] = raising(RuntimeError())
    run = ended(server.http, path := begun(calls("call_1"), Reply.text("Fine.")))
    assert run["status"] == "completed"
    tool.acts.clear()
    goes_on(server, path)


def test_one_that_hangs_while_it_closes_holds_the_thread_up_for_a_while_only(
    server, tool, begun, monkeypatch
):
    monkeypatch.setattr(toolbox, "CLOSE_SECONDS", 0.05)
    tool.acts["close"] = hang
    run = ended(server.http, path := begun(calls("call_1"), Reply.text("Fine.")))
    assert run["status"] == "completed"
    wait_until(lambda: "close: CancelledError" in tool.done)
    tool.acts.clear()
    goes_on(server, path)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_client_may_answer_while_the_tools_are_still_closed(
    server, tool, begun, upstream, aside, streamed
):
    """It hears of its call before the run's task has ended."""
    gate: list[asyncio.Event] = []

    async def wait(_: Faulty) -> None:
        gate.append(asyncio.Event())
        loops.append(asyncio.get_running_loop())
        await gate[0].wait()

    loops: list[asyncio.AbstractEventLoop] = []
    tool.acts["close"] = wait
    mine = Reply.function_calls(call("mine", "call_1"))
    path = begun(mine, tools=[{"type": TYPE}, *function_tools("mine")])
    wait_until(lambda: server.http.get(path).json()["status"] == "requires_action")
    wait_until(lambda: gate)
    del tool.acts["close"]
    upstream.reply(Reply.text("Done."))
    body = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}], "stream": streamed}
    answer = aside(lambda: server.http.post(f"{path}/submit_tool_outputs", json=body))
    wait_until(lambda: server.http.get(path).json()["status"] != "requires_action")
    if not streamed:
        answer.result(timeout=60)
    loops[0].call_soon_threadsafe(gate[0].set)
    assert ended(server.http, path)["status"] == "completed"
    text = answer.result(timeout=60).text
    assert ("event: thread.run.completed" in text) == streamed
    goes_on(server, path)
    # The one session closed for each of three claims: the call, its outputs, the chat.
    wait_until(lambda: tool.done.count("close") >= 2)


def test_a_function_named_like_a_tool_is_offered_once(server, begun, upstream):
    tools = [{"type": TYPE}, *function_tools(TYPE)]
    ended(server.http, begun(calls("call_1"), Reply.text("Fine."), tools=tools))
    assert [tool["name"] for tool in upstream.requests[0].body["tools"]] == [TYPE]
    assert outputs(upstream) == ["answer to call_1"]
