"""The tools of this server and of one run: what the model is offered, and who answers a call."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import cached_property
from typing import Any

from app.db.rows import RunRow, StepRow
from app.engine.tools.functions.tool import FunctionDraft, function_output
from app.engine.tools.marks import AnnotationReader
from app.engine.tools.tool import Answer, Call, Draft, Emit, Text, Tool, ToolSession

logger = logging.getLogger(__name__)

# How many characters of a name that the model made up are shown.
_SHOWN_OF_A_NAME = 64
# How many of the calls in one model answer are executed at the same time.
CALLS_AT_ONCE = 8
# How long (in seconds) a session may take to close: the thread's next run waits for it.
CLOSE_SECONDS = 10


class Toolbox:
    """The types of tools that this server has."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {tool.type: tool for tool in tools}

    def with_tool(self, tool: Tool) -> "Toolbox":
        """Return a toolbox in which this tool replaces the one of its type."""
        return Toolbox({**self._tools, tool.type: tool}.values())

    def of(self, run: RunRow, steps: Sequence[StepRow]) -> "RunTools":
        """Return the tools that a run lists, given its earlier steps, in order."""
        calls = [call for step in steps for call in step.step_details.get("tool_calls", [])]
        sessions = {
            kind: self._tools[kind].begin(
                run,
                [tool for tool in run.tools if tool["type"] == kind],
                [call for call in calls if call["type"] == kind],
            )
            for kind in dict.fromkeys(tool["type"] for tool in run.tools)
            if kind in self._tools
        }
        return RunTools(run, sessions, steps)


class RunTools:
    """The tools of one run, each with a session that lasts from `open` to `aclose`."""

    def __init__(
        self,
        run: RunRow,
        sessions: Mapping[str, ToolSession],
        steps: Sequence[StepRow] = (),
    ) -> None:
        self._run = run
        self._sessions = sessions
        self._parts = self._unsaid_parts(steps)

    def left_out(self) -> list[str]:
        """Return the types of the run's tools that this server doesn't have."""
        return sorted({tool["type"] for tool in self._run.tools} - {*self._sessions})

    async def open(self) -> None:
        for session in self._sessions.values():
            await session.open()

    async def aclose(self) -> None:
        """Close every session. A failure is only logged: the run has its result by then."""
        async with AsyncExitStack() as stack:
            for kind, session in self._sessions.items():
                stack.push_async_callback(self._close, kind, session)

    async def _close(self, kind: str, session: ToolSession) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await session.close()
        except Exception:
            logger.exception("run %s: tool %s failed to close", self._run.id, kind)

    def offers(self) -> list[dict[str, Any]]:
        """Return the tools of a request; all of them are functions."""
        return [
            offer
            for session in self._sessions.values()
            for offer in session.offers()
            if self._session(offer["name"]) is session
        ]

    def draft(self, name: str) -> Draft:
        """Begin a call. A call of an unlisted function is shown as a function call."""
        session = self._session(name)
        return FunctionDraft(name) if session is None else session.draft(name)

    def answers(self, name: str) -> bool:
        """Return whether the server answers a call. It answers unlisted functions with an error."""
        session = self._session(name)
        return session is None or session.answers(name)

    def approval(self, name: str) -> dict[str, str] | None:
        """Return what a person must allow before a call is answered; None if nothing."""
        session = self._session(name)
        return None if session is None else session.approval(name)

    async def answer_all(self, calls: Iterable[tuple[Call, Emit]]) -> list[Answer]:
        """Answer calls, `CALLS_AT_ONCE` at a time. Raises the error of the first that fails.

        The others are cancelled and have ended by then: none of them emits into a run that has
        ended, or uses a session that is closed.
        """
        try:
            async with asyncio.TaskGroup() as group:
                answers = [group.create_task(self._answer(*call)) for call in calls]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        return [answer.result() for answer in answers]

    async def _answer(self, call: Call, emit: Emit) -> Answer:
        """Answer a call.

        Only functions that the run lists are executed: the model may call any name it has seen.
        """
        session = self._session(call.name)
        if session is None:
            logger.warning(
                "run %s: the model called an unknown function: %.64r", self._run.id, call.name
            )
            return self._unknown(call.name)
        async with self._some_at_once:
            return await session.answer(call, emit)

    def annotations(self) -> AnnotationReader:
        """Return a reader for a new text part of the model's answer."""
        return AnnotationReader(
            [marks for session in self._sessions.values() if (marks := session.marks())]
        )

    def answered(self, call: Mapping[str, Any]) -> None:
        """Take an answered call as its step shows it; it may have parts for the next message."""
        session = self._sessions.get(call["type"])
        if session is not None:
            self._parts += session.message_parts(call)

    def take_message_parts(self) -> list[dict[str, Any]]:
        """Return the parts that a new message begins with, and forget them."""
        taken, self._parts = self._parts, []
        return taken

    def _unsaid_parts(self, steps: Sequence[StepRow]) -> list[dict[str, Any]]:
        """Return the parts of earlier calls that no message of the run contains yet."""
        parts: list[dict[str, Any]] = []
        for step in steps:
            if step.type == "message_creation":
                parts = []
            for call in step.step_details.get("tool_calls", []):
                session = self._sessions.get(call["type"])
                parts += session.message_parts(call) if session else []
        return parts

    def _session(self, name: str) -> ToolSession | None:
        return self._owners.get(name)

    @cached_property
    def _some_at_once(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(CALLS_AT_ONCE)

    @cached_property
    def _owners(self) -> dict[str, ToolSession]:
        """The session that offers each function, by the function's name."""
        # A built-in tool takes precedence over a function of the same name.
        functions_first = sorted(self._sessions, key=lambda kind: kind != "function")
        sessions = [self._sessions[kind] for kind in functions_first]
        return {offer["name"]: session for session in sessions for offer in session.offers()}

    def _unknown(self, name: str) -> Answer:
        known = ", ".join(offer["name"] for offer in self.offers()) or "none"
        shown = name[:_SHOWN_OF_A_NAME]
        output = f"Error: unknown function {shown!r}. Available functions: {known}."
        return Answer([Text(output)], function_output(output))
