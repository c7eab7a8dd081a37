"""Every kind of request that creates something, as OpenAI's Python SDK sends it."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import openai
from sqlalchemy import Connection, Table, func, select

from app.db import tables
from app.db.file_tables import files
from app.db.knowledge_tables import vector_store_batches, vector_store_files, vector_stores
from tests.support.cutting_proxy import MOMENTS, Moment
from tests.support.replies import Reply

ASSISTANT = "asst_default"
# Once a stream's headers have arrived, the SDKs leave it to the program.
BEFORE_THE_BODY: tuple[Moment, ...] = tuple(moment for moment in MOMENTS if moment != "body")
_FUNCTION: Any = {"type": "function", "function": {"name": "weather", "parameters": {}}}
# What `prepare` returns, and `create` gets.
Before = Any


@dataclass(frozen=True)
class Made:
    """What a request has created, and whether the answer was complete."""

    id: str
    complete: bool = True


@dataclass(frozen=True)
class Kind:
    """`prepare` makes what the request needs; `create` sends the request, which is called `name`.

    `counted` are the rows of which there must be one more for each request.
    """

    counted: Table
    prepare: Callable[[openai.AsyncOpenAI], Awaitable[Before]]
    create: Callable[[openai.AsyncOpenAI, Before, str], Awaitable[Made]]
    streamed: bool = False

    @property
    def moments(self) -> tuple[Moment, ...]:
        """When its answer may be cut so that the SDK repeats the request."""
        return BEFORE_THE_BODY if self.streamed else MOMENTS

    def count(self, connection: Connection) -> int:
        table = self.counted
        statement = select(func.count()).select_from(table)
        if table is tables.messages:
            statement = statement.where(table.c.role == "user")
        if table is tables.run_items:
            return sum(
                item["type"] == "function_call_output"
                for item in connection.execute(select(table.c.item)).scalars()
            )
        return connection.execute(statement).scalar_one()


def answer(body: dict[str, Any]) -> Reply:
    """What the model says: a call, if it has a function and no output of it yet."""
    items = body["input"] if isinstance(body["input"], list) else []
    if not body.get("tools") or any(item.get("type") == "function_call_output" for item in items):
        return Reply.text("Some", " words", ".")
    return Reply.function_calls(("call_a", "weather", "{}"))


async def _nothing(_: openai.AsyncOpenAI) -> None:
    return None


async def _thread(client: openai.AsyncOpenAI) -> str:
    said: Any = [{"role": "user", "content": "hello there"}]
    return (await client.beta.threads.create(messages=said)).id


async def _running(client: openai.AsyncOpenAI) -> tuple[str, str]:
    """A run that waits for its client."""
    run = await client.beta.threads.create_and_run_poll(
        assistant_id=ASSISTANT,
        tools=[_FUNCTION],
        thread={"messages": [{"role": "user", "content": "hello there"}]},
    )
    assert run.status == "requires_action", run.status
    return run.thread_id, run.id


async def _file(client: openai.AsyncOpenAI) -> str:
    return (await client.files.create(file=("a.txt", b"Open."), purpose="assistants")).id


async def _store(client: openai.AsyncOpenAI) -> tuple[str, str]:
    return (await client.vector_stores.create()).id, await _file(client)


async def _assistant(client: openai.AsyncOpenAI, _: Before, name: str) -> Made:
    return Made((await client.beta.assistants.create(model="m", name=name)).id)


async def _new_thread(client: openai.AsyncOpenAI, _: Before, name: str) -> Made:
    return Made((await client.beta.threads.create(metadata={"name": name})).id)


async def _message(client: openai.AsyncOpenAI, thread_id: Before, name: str) -> Made:
    made = await client.beta.threads.messages.create(thread_id, role="user", content=name)
    return Made(made.id)


async def _run(client: openai.AsyncOpenAI, thread_id: Before, _: str) -> Made:
    return Made((await client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)).id)


async def _events(stream: Any) -> Made:
    names, run_id = [], ""
    async for event in stream:
        names.append(event.event)
        if event.event.startswith("thread.run.") and event.data.object == "thread.run":
            run_id = event.data.id
    return Made(
        run_id, names[-1] == "thread.run.completed" and names.count("thread.run.queued") == 1
    )


async def _run_streamed(client: openai.AsyncOpenAI, thread_id: Before, _: str) -> Made:
    return await _events(
        await client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT, stream=True)
    )


def _both(name: str) -> dict[str, Any]:
    return {
        "assistant_id": ASSISTANT,
        "thread": {"messages": [{"role": "user", "content": name}]},
    }


async def _thread_run(client: openai.AsyncOpenAI, _: Before, name: str) -> Made:
    return Made((await client.beta.threads.create_and_run(**_both(name))).id)


async def _thread_run_streamed(client: openai.AsyncOpenAI, _: Before, name: str) -> Made:
    return await _events(await client.beta.threads.create_and_run(**_both(name), stream=True))


async def _chat(client: openai.AsyncOpenAI, thread_id: Before, name: str) -> Made:
    body = {"message": name, "thread_id": thread_id}
    reply: Any = await client.post("/chat", body=body, cast_to=object)
    return Made(reply["run_id"], reply["message"] == "Some words.")


async def _chat_streamed(client: openai.AsyncOpenAI, thread_id: Before, name: str) -> Made:
    body = {"message": name, "thread_id": thread_id, "stream": True}
    response = await client.post(
        "/chat", body=body, cast_to=openai.AsyncStream[object], stream=True
    )
    said, last = "", {}
    async for event in response._iter_events():
        last = json.loads(event.data)
        said += last.get("delta", "")
    return Made(last.get("run_id", ""), said == last.get("message") == "Some words.")


def _outputs(run: Before) -> dict[str, Any]:
    thread_id, run_id = run
    outputs = [{"tool_call_id": "call_a", "output": f"for {run_id}"}]
    return {"thread_id": thread_id, "run_id": run_id, "tool_outputs": outputs}


async def _submit(client: openai.AsyncOpenAI, run: Before, _: str) -> Made:
    return Made((await client.beta.threads.runs.submit_tool_outputs(**_outputs(run))).id)


async def _submit_streamed(client: openai.AsyncOpenAI, run: Before, _: str) -> Made:
    runs = client.beta.threads.runs
    return await _events(await runs.submit_tool_outputs(**_outputs(run), stream=True))


async def _new_store(client: openai.AsyncOpenAI, _: Before, name: str) -> Made:
    return Made((await client.vector_stores.create(name=name)).id)


async def _store_file(client: openai.AsyncOpenAI, store: Before, _: str) -> Made:
    store_id, file_id = store
    return Made((await client.vector_stores.files.create(store_id, file_id=file_id)).id)


async def _batch(client: openai.AsyncOpenAI, store: Before, _: str) -> Made:
    store_id, file_id = store
    made = await client.vector_stores.file_batches.create(store_id, file_ids=[file_id])
    return Made(made.id)


async def _upload(client: openai.AsyncOpenAI, _: Before, name: str) -> Made:
    content = name.encode() * 500
    made = await client.files.create(file=("a.txt", content), purpose="assistants")
    return Made(made.id, made.bytes == len(content))


KINDS: dict[str, Kind] = {
    "assistant": Kind(tables.assistants, _nothing, _assistant),
    "thread": Kind(tables.threads, _nothing, _new_thread),
    "message": Kind(tables.messages, _thread, _message),
    "run": Kind(tables.runs, _thread, _run),
    "streamed run": Kind(tables.runs, _thread, _run_streamed, streamed=True),
    "thread and run": Kind(tables.threads, _nothing, _thread_run),
    "streamed thread and run": Kind(tables.threads, _nothing, _thread_run_streamed, streamed=True),
    "chat": Kind(tables.runs, _nothing, _chat),
    "streamed chat": Kind(tables.runs, _nothing, _chat_streamed, streamed=True),
    "chat on a thread": Kind(tables.messages, _thread, _chat),
    "tool outputs": Kind(tables.run_items, _running, _submit),
    "streamed tool outputs": Kind(tables.run_items, _running, _submit_streamed, streamed=True),
    "vector store": Kind(vector_stores, _nothing, _new_store),
    "vector store file": Kind(vector_store_files, _store, _store_file),
    "file batch": Kind(vector_store_batches, _store, _batch),
    "upload": Kind(files, _nothing, _upload),
}
