"""Event handlers for OpenAI's SDK, sync and async, that record their calls."""

from typing import Any

from openai import AssistantEventHandler, AsyncAssistantEventHandler

_NOTED = (
    "on_run_step_created",
    "on_run_step_done",
    "on_tool_call_created",
    "on_tool_call_done",
    "on_message_created",
    "on_message_done",
    "on_text_created",
    "on_text_done",
    "on_exception",
    "on_timeout",
    "on_end",
)


class Notes:
    """The names of the handler's methods in the order in which they were called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.texts: list[str] = []
        self.arguments: list[str] = []
        self.code: list[Any] = []
        self.done_calls: list[Any] = []
        self.done_steps: list[Any] = []

    def note(self, name: str, *given: Any) -> None:
        self.calls.append(name.removeprefix("on_"))
        if name == "on_tool_call_done":
            self.done_calls.append(given[0])
        elif name == "on_run_step_done":
            self.done_steps.append(given[0])

    def note_tool_call(self, delta: Any) -> None:
        if delta.type == "code_interpreter":
            self.code.append(delta.code_interpreter)
        else:
            self.arguments.append(delta.function.arguments)


class Handler(Notes, AssistantEventHandler):
    def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.texts.append(delta.value)

    def on_tool_call_delta(self, delta: Any, snapshot: Any) -> None:
        self.note_tool_call(delta)


class AsyncHandler(Notes, AsyncAssistantEventHandler):
    async def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        self.texts.append(delta.value)

    async def on_tool_call_delta(self, delta: Any, snapshot: Any) -> None:
        self.note_tool_call(delta)


def _noting(name: str) -> Any:
    def method(self: Handler, *given: Any) -> None:
        self.note(name, *given)

    return method


def _async_noting(name: str) -> Any:
    async def method(self: AsyncHandler, *given: Any) -> None:
        self.note(name, *given)

    return method


for _name in _NOTED:
    setattr(Handler, _name, _noting(_name))
    setattr(AsyncHandler, _name, _async_noting(_name))
