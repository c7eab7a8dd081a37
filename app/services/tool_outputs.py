"""The outputs of tools that the client executes, and what people allow the server to do."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.actions.definitions import fingerprint
from app.db import runs, steps
from app.db.database import Connection
from app.db.rows import RunRow, StepRow
from app.domain.access import Caller
from app.domain.errors import Forbidden, InvalidRequest
from app.domain.refusals import is_refusal
from app.engine import journal
from app.engine.changes import Changes
from app.engine.hub import Frame
from app.engine.tools.functions.tool import function_output
from app.engine.tools.tool import Text
from app.engine.translation.items import allowed_call, answer_call, call_output, complete_step
from app.schemas.runs import RequiredToolCall, ToolOutput

# What the model reads of a call that was not allowed.
_NOT_ALLOWED = "The user did not allow this call. It was not made."


class Submitted(NamedTuple):
    """A run that has got its outputs. Their events, which are `frames`, follow the id `after`.

    `repeated`: it had got them before, and nothing happened now.
    """

    run: RunRow
    frames: list[Frame]
    after: int
    repeated: bool = False


def submit_outputs(
    connection: Connection,
    caller: Caller,
    run_id: str,
    outputs: list[ToolOutput],
    worker_id: str,
) -> Submitted:
    """Queue the run again with the outputs of its client's tools.

    For a call that a person must allow, the output is the person's answer: see `is_refusal`. The
    server makes the calls that are allowed.

    Raises `InvalidRequest` if the run does not wait for outputs, or not for exactly these, and
    `Forbidden` if a visitor submits the output of a function.
    """
    run = runs.lock(connection, run_id)
    if run.status != "requires_action" or run.required_action is None:
        raise InvalidRequest(f'Runs in status "{run.status}" do not accept tool outputs.')
    calls = run.required_action.submit_tool_outputs.tool_calls
    _check_rights(caller, calls)
    expected, given = [call.id for call in calls], [output.tool_call_id for output in outputs]
    if sorted(given) != sorted(expected):
        raise InvalidRequest(
            f"Expected tool outputs for call_ids {expected}, got {given}", param="tool_outputs"
        )
    by_call = {output.tool_call_id: output.output or "" for output in outputs}
    allowed, answers = _decided(calls, by_call)
    items = [call_output(call_id, [Text(output)]) for call_id, output in answers.items()]
    steps.add_items(connection, run_id, items)
    changes = Changes(streamed=True, include=run.include)
    step = _answer_step(connection, run_id, answers, changes, completes=not allowed)
    queued = runs.move(
        connection,
        run,
        "queued",
        required_action=None,
        allowed=[allowed_call(step, *one) for one in allowed.items()] if step else None,
        worker_id=worker_id,
        streamed=True,
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
    allowed = {key.partition("/")[2] for key in run.allowed or ()}

    def was_given(call_id: str, text: str) -> bool:
        if is_refusal(text):
            return stored.get(call_id) in (text, _NOT_ALLOWED)
        # Otherwise a repeated permission would allow a later call with the same id.
        return stored.get(call_id) == text or call_id in allowed

    given = {output.tool_call_id: output.output or "" for output in outputs}
    if not given or not all(was_given(*one) for one in given.items()):
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


def _check_rights(caller: Caller, calls: Sequence[RequiredToolCall]) -> None:
    """A visitor may allow calls, and nothing else: an output is what the model believes."""
    if caller.session is not None and any(call.approval is None for call in calls):
        raise Forbidden(
            "A chat session may only allow calls of the server, not submit outputs of functions.",
            code="session_not_allowed",
        )


def _decided(
    calls: Sequence[RequiredToolCall], outputs: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the allowed calls, with fingerprints of what they were, and the others' outputs."""
    allowed: dict[str, str] = {}
    answers: dict[str, str] = {}
    for call in calls:
        if call.approval is None:
            answers[call.id] = outputs[call.id]
        elif is_refusal(outputs[call.id]):
            answers[call.id] = _NOT_ALLOWED
        else:
            allowed[call.id] = fingerprint(call.approval.model_dump())
    return allowed, answers


def _answer_step(
    connection: Connection,
    run_id: str,
    outputs: Mapping[str, str],
    changes: Changes,
    *,
    completes: bool,
) -> StepRow | None:
    """Put the outputs into the open step, which already contains those of the server's functions.

    `completes`: no call is left that the server makes. Returns the step.
    """
    open_steps = [one for one in steps.of_run(connection, run_id) if one.status == "in_progress"]
    for step in open_steps:
        for call_id, output in outputs.items():
            answer_call(step, call_id, function_output(output))
        if completes:
            step = complete_step(step)
            changes.emit("thread.run.step.completed", step)
        steps.save(connection, step)
    return open_steps[-1] if open_steps else None
