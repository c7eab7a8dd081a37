"""The outputs of tools that the client executes."""

from collections.abc import Sequence
from typing import NamedTuple

from app.db import runs, steps
from app.db.database import Connection
from app.db.rows import RunRow
from app.domain.errors import InvalidRequest
from app.engine import journal
from app.engine.changes import Changes
from app.engine.hub import Frame
from app.engine.tools.functions.tool import function_output
from app.engine.tools.tool import Text
from app.engine.translation.items import answer_call, call_output, complete_step
from app.schemas.runs import ToolOutput


class Submitted(NamedTuple):
    """A run that has got its outputs. Their events, which are `frames`, follow the id `after`.

    `repeated`: it had got them before, and nothing happened now.
    """

    run: RunRow
    frames: list[Frame]
    after: int
    repeated: bool = False


def submit_outputs(
    connection: Connection, run_id: str, outputs: list[ToolOutput], worker_id: str
) -> Submitted:
    """Queue the run again with the outputs of its client's tools.

    Raises `InvalidRequest` if the run does not wait for outputs, or not for exactly these.
    """
    run = runs.lock(connection, run_id)
    if run.status != "requires_action" or run.required_action is None:
        raise InvalidRequest(f'Runs in status "{run.status}" do not accept tool outputs.')
    calls = run.required_action.submit_tool_outputs.tool_calls
    expected, given = [call.id for call in calls], [output.tool_call_id for output in outputs]
    if sorted(given) != sorted(expected):
        raise InvalidRequest(
            f"Expected tool outputs for call_ids {expected}, got {given}", param="tool_outputs"
        )
    by_call = {output.tool_call_id: output.output or "" for output in outputs}
    items = [call_output(call_id, [Text(by_call[call_id])]) for call_id in expected]
    steps.add_items(connection, run_id, items)
    changes = Changes(streamed=True, include=run.include)
    _answer_step(connection, run_id, by_call, changes)
    queued = runs.move(
        connection, run, "queued", required_action=None, worker_id=worker_id, streamed=True
    )
    changes.emit("thread.run.queued", queued)
    frames = journal.append_unclaimed(connection, run_id, changes.events)
    return Submitted(queued, frames, frames[0].id - 1)


def submitted_before(
    connection: Connection, run: RunRow, outputs: Sequence[ToolOutput]
) -> Submitted | None:
    """Return the run if it has got exactly these outputs before, None if it has not."""
    stored = {
        item["call_id"]: item["output"]
        for item in steps.items_of(connection, run.id)
        if item["type"] == "function_call_output"
    }
    given = {output.tool_call_id: output.output or "" for output in outputs}
    if not given or any(stored.get(call_id) != text for call_id, text in given.items()):
        return None
    return Submitted(run, [], _before_outputs(connection, run.id, [*given]), repeated=True)


def _before_outputs(connection: Connection, run_id: str, call_ids: Sequence[str]) -> int:
    """Return the id of the last event before those of the step that has got the outputs."""
    after, found = 0, 0
    while True:
        kept = journal.kept_after(connection, run_id, after)
        for frame in kept.frames:
            if frame.event == "thread.run.step.completed" and all(
                f'"{call_id}"' in frame.data for call_id in call_ids
            ):
                # The last one: ids of calls may occur again.
                found = frame.id - 1
        if not kept.more:
            return found
        after = kept.frames[-1].id


def _answer_step(
    connection: Connection, run_id: str, outputs: dict[str, str], changes: Changes
) -> None:
    """Complete the open step; it already contains the outputs of the server's own functions."""
    for step in steps.of_run(connection, run_id):
        if step.status == "in_progress":
            for call_id, output in outputs.items():
                answer_call(step, call_id, function_output(output))
            completed = complete_step(step)
            steps.save(connection, completed)
            changes.emit("thread.run.step.completed", completed)
