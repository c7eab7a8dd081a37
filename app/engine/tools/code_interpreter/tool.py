"""`code_interpreter`: runs the model's Python in a session of the thread."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from app.core.object_store import ObjectStore
from app.db import steps
from app.db.database import Connection, Database
from app.db.rows import RunRow
from app.domain.errors import ModelError
from app.domain.text import append, storable
from app.engine.tools.arguments import StreamedText
from app.engine.tools.code_interpreter.arguments import code_of
from app.engine.tools.code_interpreter.continuity import Continuity, Position
from app.engine.tools.code_interpreter.files import known_files
from app.engine.tools.code_interpreter.outputs import Outputs, call_detail, pictures_in
from app.engine.tools.code_interpreter.paths import SandboxPaths
from app.engine.tools.code_interpreter.texts import LOST, NO_CODE, about_files, description
from app.engine.tools.code_interpreter.workspace import Taken, Workspace
from app.engine.tools.tool import Answer, Call, Draft, Emit, Text, ToolSession
from app.interpreter.events import Ended, InterpreterError, Printed, Shown, Unreadable
from app.interpreter.interpreter import Interpreter
from app.interpreter.session import Session
from app.schemas.code_interpreter import CODE_INTERPRETER
from app.storage.file_writer import FileWriter

logger = logging.getLogger(__name__)


class CodeInterpreter:
    """A `Tool`."""

    type: str = CODE_INTERPRETER

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        writer: FileWriter,
        interpreter: Interpreter,
    ) -> None:
        self.database = database
        self.store = store
        self.writer = writer
        self.interpreter = interpreter
        self.continuity = Continuity(interpreter)

    def begin(
        self, run: RunRow, _listed: Sequence[dict[str, Any]], calls: Sequence[dict[str, Any]]
    ) -> ToolSession:
        return _Session(self, run, calls)


class _Draft:
    """A `Draft` that shows the code as it arrives."""

    def __init__(self) -> None:
        self._text = StreamedText()
        self._call: dict[str, Any] = {"input": "", "outputs": []}
        self.detail: dict[str, Any] = {"type": CODE_INTERPRETER, CODE_INTERPRETER: self._call}

    def add(self, piece: str) -> dict[str, Any] | None:
        code = storable(self._text.feed(piece))
        append(self._call, "input", code)
        return call_detail(input=code) if code else None


class _Session(ToolSession):
    def __init__(self, tool: CodeInterpreter, run: RunRow, calls: Sequence[dict[str, Any]]) -> None:
        self._database = tool.database
        self._interpreter = tool.interpreter
        self._continuity = tool.continuity
        self._run = run
        self._workspace = Workspace(tool.store, tool.writer, run.thread_id)
        # Code runs in the order of the calls, each after the one before.
        self._turn = asyncio.Lock()
        self._calls = calls
        self._history: list[Position | None] = []
        self._has_run = False
        self._loss_reported = False

    def offers(self) -> list[dict[str, Any]]:
        if self._interpreter.unavailable:
            return []
        parameters = {
            "type": "object",
            "properties": {"code": {"type": "string", "description": "Python code."}},
            "required": ["code"],
            "additionalProperties": False,
        }
        return [
            {
                "type": "function",
                "name": CODE_INTERPRETER,
                "description": description(self._workspace.listing),
                "parameters": parameters,
                "strict": False,
            }
        ]

    def draft(self, _: str) -> Draft:
        return _Draft()

    async def open(self) -> None:
        reason = self._interpreter.unavailable
        if not reason:
            self._workspace.know(await self._database.read(known_files, self._run))
        elif _is_forced(self._run.tool_choice):
            raise ModelError("server_error", reason)
        else:
            logger.warning("run %s: the model is not offered code: %s", self._run.id, reason)

    async def answer(self, call: Call, emit: Emit) -> Answer:
        async with self._turn:
            code = code_of(call.arguments)
            await self._continuity.advance(
                self._run.thread_id, await self._before(call), self._after(call)
            )
            if code is None:
                return Answer([Text(NO_CODE)], call_detail(outputs=[]))
            await _show_rest(call.arguments, code, emit)
            return await self._execute(call, code, Outputs(emit))

    def marks(self) -> SandboxPaths:
        return self._workspace.paths

    def message_parts(self, detail: Mapping[str, Any]) -> list[dict[str, Any]]:
        return pictures_in(detail[CODE_INTERPRETER]["outputs"])

    async def close(self) -> None:
        await self._workspace.close()

    async def _execute(self, call: Call, code: str, outputs: Outputs) -> Answer:
        notes: list[str] = []
        taken = Taken()
        try:
            async with self._interpreter.session(self._run.thread_id) as session:
                notes += await self._prepare(session, call)
                ended = await self._run_code(session, code, outputs)
                # It says so itself.
                self._loss_reported = not session.alive
                if ended.note:
                    await outputs.add_line(ended.note)
                taken = await self._workspace.take_files(session)
        except InterpreterError as error:
            # The model can try again, or answer without code.
            logger.warning("run %s: the code interpreter failed: %s", self._run.id, error)
            await outputs.add_line(f"Error: {error}")
        texts = [*notes, outputs.for_model, *about_files(taken)]
        detail = call_detail(input=code, outputs=outputs.shown)
        return Answer([Text("\n".join(texts))], detail, taken.files)

    async def _prepare(self, session: Session, call: Call) -> list[str]:
        """Get the session ready for a call; return notes for the model."""
        notes: list[str] = []
        if session.fresh and not self._loss_reported and await self._has_run_before(call):
            notes.append(LOST)
        thread_id = self._run.thread_id
        kept = self._continuity.take(thread_id, self._after(call), fresh=session.fresh)
        notes += await self._workspace.fill(session, kept.there)
        self._continuity.keep(thread_id, kept)
        self._has_run = True
        return notes

    async def _run_code(self, session: Session, code: str, outputs: Outputs) -> Ended:
        # If this is cancelled, closing the generator stops the code.
        async with aclosing(session.execute(code)) as events:
            async for event in events:
                match event:
                    case Printed(text):
                        await outputs.add_text(text)
                    case Shown():
                        await self._show(session, event, outputs)
                    case Ended():
                        return event
        raise InterpreterError("the session ended without a result")

    async def _show(self, session: Session, shown: Shown, outputs: Outputs) -> None:
        try:
            file_id = await self._workspace.take_picture(session, shown)
        except Unreadable as error:
            await outputs.add_line(str(error))
            return
        if file_id is not None:
            await outputs.add_picture(file_id)

    async def _before(self, call: Call) -> Position | None:
        """Return how far the thread's code has come before the call; None if there was none."""
        return Position(self._run.id, call.number) if call.number else await self._last_run()

    def _after(self, call: Call) -> Position:
        return Position(self._run.id, call.number + 1)

    async def _last_run(self) -> Position | None:
        """Return how far the thread's code had come before the run."""
        if not self._history:
            self._history = [await self._database.read(_last_position, self._run)]
        return self._history[0]

    async def _has_run_before(self, call: Call) -> bool:
        """Return whether code of the thread has run before the call, with or without success."""
        earlier = self._calls[: call.number]
        in_run = self._has_run or any(one[CODE_INTERPRETER]["input"] for one in earlier)
        return in_run or await self._last_run() is not None


def _last_position(connection: Connection, run: RunRow) -> Position | None:
    """Return the position after the thread's newest earlier run with code."""
    run_id = steps.newest_run_with(connection, run.thread_id, CODE_INTERPRETER, not_run=run.id)
    if run_id is None:
        return None
    calls = (
        call["type"] == CODE_INTERPRETER
        for step in steps.of_run(connection, run_id)
        for call in step.step_details.get("tool_calls", [])
    )
    return Position(run_id, sum(calls))


def _is_forced(choice: Any) -> bool:
    return isinstance(choice, dict) and choice["type"] == CODE_INTERPRETER


async def _show_rest(arguments: str, code: str, emit: Emit) -> None:
    """Send the code that could not be shown while the arguments arrived."""
    shown = storable(StreamedText().feed(arguments))
    if code.startswith(shown) and code != shown:
        await emit(call_detail(input=code[len(shown) :]))
