"""OpenAI's own stream helpers: what their handlers receive, and what they have at the end."""

import contextlib

import openai
import pytest

from tests.support.replies import Reply
from tests.support.stream_handlers import AsyncHandler, Handler

TOOLS = [
    {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}},
    {"type": "function", "function": {"name": "time"}},
]
ONE_CALL = Reply.function_calls(("call_a", "weather", '{"city": "서울"}'))
TWO_CALLS = Reply.function_calls(
    ("call_a", "weather", '{"city": "서울"}'), ("call_b", "time", "{}")
)
OUTPUTS = [
    {"tool_call_id": "call_a", "output": "sunny"},
    {"tool_call_id": "call_b", "output": "noon"},
]
SAID = ["run_step_created", "message_created", "text_created", "text_done", "message_done"]


class Caller:
    """The helpers under one roof: each streams to its end and returns the handler."""

    def __init__(self, client: openai.OpenAI, base_url: str, kind: str) -> None:
        self.client = client
        self._base_url = base_url
        self._kind = kind

    async def stream(self, helper: str, **options):
        if self._kind == "sync":
            runs = self.client.beta.threads.runs
            create = getattr(
                self.client.beta.threads if helper == "create_and_run_stream" else runs, helper
            )
            with create(event_handler=Handler(), **options) as handler:
                handler.until_done()
            return await _final(handler)
        async with openai.AsyncOpenAI(
            api_key="sk-of-a-test", base_url=f"{self._base_url}/api/v1", max_retries=0
        ) as client:
            threads = client.beta.threads
            create = getattr(threads if helper == "create_and_run_stream" else threads.runs, helper)
            async with create(event_handler=AsyncHandler(), **options) as async_handler:
                await async_handler.until_done()
            return await _final(async_handler)


class Final:
    """What a handler has at the end."""

    def __init__(self, handler, run, messages, steps) -> None:
        self.handler, self.run, self.messages, self.steps = handler, run, messages, steps


async def _final(handler) -> Final:
    async def get(name: str):
        # Without any there is an error.
        with contextlib.suppress(RuntimeError):
            found = getattr(handler, name)()
            return found if isinstance(handler, Handler) else await found
        return []

    names = ("get_final_run", "get_final_messages", "get_final_run_steps")
    return Final(handler, *[await get(name) for name in names])


@pytest.fixture(params=["sync", "async"])
def caller(request, client, server):
    return Caller(client, server.base_url, request.param)


def dumped(objects) -> list[dict]:
    return [item.model_dump(exclude_unset=True) for item in objects]


def listed(client, run) -> tuple[list[dict], list[dict]]:
    """Return the run's messages and steps as the API lists them."""
    threads = client.beta.threads
    messages = threads.messages.list(run.thread_id, run_id=run.id, order="asc")
    steps = threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc")
    return dumped(messages), dumped(steps)


def retrieved(client, run) -> dict:
    got = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    return got.model_dump(exclude_unset=True)


def same_as_listed(client, final: Final) -> None:
    messages, steps = listed(client, final.run)
    assert dumped([final.run]) == [retrieved(client, final.run)]
    assert dumped(final.messages) == messages
    assert dumped(final.handler.done_steps) == steps
    # The SDK itself keeps of its steps what deltas bring, and looks no further.
    begun = [step["id"] for step in steps if step["id"] in {own.id for own in final.steps}]
    assert [step.id for step in final.steps] == begun


async def test_an_answer(caller, client, thread_id, assistant_id, upstream):
    upstream.reply(Reply.text("안녕", "하세요", "!"))
    final = await caller.stream("stream", thread_id=thread_id, assistant_id=assistant_id)
    assert final.handler.calls == [*SAID, "run_step_done", "end"]
    assert final.handler.texts == ["안녕", "하세요", "!"]
    assert final.messages[0].content[0].text.value == "안녕하세요!"
    assert final.run.status == "completed"
    same_as_listed(client, final)


async def test_a_thread_and_its_run(caller, client, assistant_id, upstream):
    thread = {"messages": [{"role": "user", "content": "one two"}]}
    final = await caller.stream("create_and_run_stream", assistant_id=assistant_id, thread=thread)
    assert final.handler.texts == ["Answer", " to:", " one", " two"]
    same_as_listed(client, final)


async def test_a_call_and_its_output(caller, client, thread_id, assistant_id, upstream):
    upstream.reply(ONE_CALL, Reply.text("Sunny", "."))
    final = await caller.stream(
        "stream", thread_id=thread_id, assistant_id=assistant_id, tools=TOOLS
    )
    assert final.handler.calls == [
        *("run_step_created", "tool_call_created", "tool_call_done", "end")
    ]
    assert "".join(final.handler.arguments) == '{"city": "서울"}'
    assert final.handler.done_calls[0].function.arguments == '{"city": "서울"}'
    run = final.run
    assert run.required_action.submit_tool_outputs.tool_calls[0].id == "call_a"
    assert dumped([run]) == [retrieved(client, run)]

    final = await caller.stream(
        "submit_tool_outputs_stream",
        run_id=run.id,
        thread_id=thread_id,
        tool_outputs=OUTPUTS[:1],
    )
    assert final.handler.calls == ["run_step_done", *SAID, "run_step_done", "end"]
    same_as_listed(client, final)
    (call,) = final.handler.done_steps[0].step_details.tool_calls
    assert call.function.output == "sunny"


async def test_parallel_calls(caller, client, thread_id, assistant_id, upstream):
    upstream.reply(TWO_CALLS)
    final = await caller.stream(
        "stream", thread_id=thread_id, assistant_id=assistant_id, tools=TOOLS
    )
    assert final.handler.calls == [
        "run_step_created",
        *("tool_call_created", "tool_call_done") * 2,
        "end",
    ]
    done = [(call.id, call.function.arguments) for call in final.handler.done_calls]
    assert done == [("call_a", '{"city": "서울"}'), ("call_b", "{}")]
    final = await caller.stream(
        "submit_tool_outputs_stream",
        run_id=final.run.id,
        thread_id=thread_id,
        tool_outputs=OUTPUTS,
    )
    assert final.run.status == "completed"
    same_as_listed(client, final)


async def test_words_before_a_call(caller, client, thread_id, assistant_id, upstream):
    upstream.reply(Reply.function_calls(("call_a", "time", "{}"), text="One moment."))
    final = await caller.stream(
        "stream", thread_id=thread_id, assistant_id=assistant_id, tools=TOOLS
    )
    assert final.messages[0].content[0].text.value == "One moment."
    # Programs call the function here: an event sent twice is a function called twice.
    assert [call.id for call in final.handler.done_calls] == ["call_a"]


async def test_a_refusal(caller, client, thread_id, assistant_id, upstream):
    upstream.reply(Reply.refusal("I can't", " do that."))
    final = await caller.stream("stream", thread_id=thread_id, assistant_id=assistant_id)
    assert final.messages[0].content[0].refusal == "I can't do that."
    assert "exception" not in final.handler.calls
    same_as_listed(client, final)


@pytest.mark.parametrize("words", [(), ("Half",)])
async def test_a_failure(caller, client, thread_id, assistant_id, upstream, words):
    upstream.reply(Reply.failed("rate_limit_exceeded", "Slow down.", *words))
    final = await caller.stream("stream", thread_id=thread_id, assistant_id=assistant_id)
    assert (final.run.status, final.run.last_error.code) == ("failed", "rate_limit_exceeded")
    assert final.handler.calls[-1] == "end" and "exception" not in final.handler.calls
    same_as_listed(client, final)


async def test_an_answer_that_is_cut_short(caller, client, thread_id, assistant_id, upstream):
    upstream.reply(Reply.incomplete("Half", " of"))
    final = await caller.stream("stream", thread_id=thread_id, assistant_id=assistant_id)
    assert final.run.status == "incomplete"
    assert final.messages[0].incomplete_details.reason == "max_tokens"
    same_as_listed(client, final)


async def test_a_refused_request_raises(caller, thread_id, upstream):
    with pytest.raises(openai.NotFoundError, match="No assistant found"):
        await caller.stream("stream", thread_id=thread_id, assistant_id="asst_unknown")


def test_the_plain_stream_of_events(client, thread_id, assistant_id):
    runs = client.beta.threads.runs
    with runs.create(thread_id=thread_id, assistant_id=assistant_id, stream=True) as stream:
        events = [event.event for event in stream]
    assert (events[0], events[-1]) == ("thread.run.created", "thread.run.completed")


def test_text_deltas_as_an_iterator(client, thread_id, assistant_id):
    runs = client.beta.threads.runs
    with runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        assert "".join(stream.text_deltas) == "Answer to: hello there"
        assert stream.get_final_run().status == "completed"


def test_the_context_may_be_left_early(client, thread_id, assistant_id, upstream):
    upstream.reply(Reply.text("One", " two").stalled(after=5))
    runs = client.beta.threads.runs
    with runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        assert next(iter(stream.text_deltas)) == "One"
        run_id = stream.current_run.id
    upstream.release()
    assert runs.poll(run_id, thread_id=thread_id).status == "completed"
