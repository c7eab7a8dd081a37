"""Hides from visitors of the public chat what is meant for the operator or the model."""

import json
from typing import Any

from pydantic_core import from_json

from app.api.sse import event, numbered
from app.api.visitor_errors import sentence_for
from app.domain.access import Caller
from app.engine.hub import Frame
from app.schemas.chat import ChatReply
from app.schemas.runs import LastError, RequiredAction, Run, SubmitToolOutputs
from app.schemas.steps import RunStep

_HIDDEN: dict[str, Any] = {"instructions": None, "tools": [], "tool_resources": {}}
_to_json = json.JSONEncoder(ensure_ascii=False).encode


def run_for(caller: Caller, run: Run) -> Run:
    """Return the run as this caller may see it."""
    if caller.session is None:
        return run
    return run.model_copy(
        update={
            **_HIDDEN,
            "last_error": _visible_error(run.last_error),
            "required_action": _visible_action(run.required_action),
        }
    )


def reply_for(caller: Caller, reply: ChatReply) -> ChatReply:
    """Return the answer of a chat as this caller may see it."""
    if caller.session is None or reply.required_action is None:
        return reply
    return reply.model_copy(update={"required_action": _visible_action(reply.required_action)})


def step_for(caller: Caller, step: RunStep) -> RunStep:
    """Return the step as this caller may see it."""
    if caller.session is None:
        return step
    details = _without_functions(step.step_details)
    error = _visible_error(step.last_error)
    return step.model_copy(update={"step_details": details, "last_error": error})


def encode_for_visitor(frame: Frame) -> bytes:
    """Encode an event without the parts of runs and steps that visitors must not see."""
    if not frame.event.startswith("thread.run."):
        return numbered(frame)
    return event(frame.event, _to_json(_visible(from_json(frame.data))), frame.id)


def _visible(sent: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON of a run, a step or a step's delta without what visitors must not see."""
    shown = sent | (_HIDDEN if sent["object"] == "thread.run" else {})
    if error := sent.get("last_error"):
        shown["last_error"] = error | {"message": sentence_for(error["code"])}
    if action := sent.get("required_action"):
        visible = _visible_action(RequiredAction.model_validate(action))
        shown["required_action"] = visible and visible.model_dump(mode="json")
    if "step_details" in sent:
        shown["step_details"] = _without_functions(sent["step_details"])
    if details := sent.get("delta", {}).get("step_details"):
        shown["delta"] = sent["delta"] | {"step_details": _without_functions(details)}
    return shown


def _visible_error(error: LastError | None) -> LastError | None:
    if error is None:
        return None
    return error.model_copy(update={"message": sentence_for(error.code)})


def _visible_action(action: RequiredAction | None) -> RequiredAction | None:
    """Return what a run waits for, with the arguments of only those calls that a person may allow.

    The outputs of all others are for a program with a key.
    """
    if action is None:
        return None
    calls = [
        call
        if call.approval is not None
        else call.model_copy(
            update={"function": call.function.model_copy(update={"arguments": ""})}
        )
        for call in action.submit_tool_outputs.tool_calls
    ]
    return action.model_copy(update={"submit_tool_outputs": SubmitToolOutputs(tool_calls=calls)})


def _without_functions(details: dict[str, Any]) -> dict[str, Any]:
    """Return a step's details with only the names of its function calls.

    The output of a function that failed is its exception, which may name internal hosts.
    """
    if "tool_calls" not in details:
        return details
    return details | {"tool_calls": [_named(call) for call in details["tool_calls"]]}


def _named(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    if not function:
        return call
    hidden = {"arguments": "", "output": None}
    return call | {"function": {key: hidden.get(key, value) for key, value in function.items()}}
