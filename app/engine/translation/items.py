"""The items of a run's rounds: which are stored, and what the next request replays."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic_core import from_json, to_json

from app.core.upstream import Target
from app.db.rows import StepRow
from app.domain.clock import now
from app.engine.tools.tool import File, Image, Part, Text
from app.schemas.runs import (
    Approval,
    FunctionCall,
    RequiredAction,
    RequiredToolCall,
    SubmitToolOutputs,
)

# The name of the field in stored reasoning items; no upstream gets it.
_ORIGIN = "threadkeeper_origin"


def replayable(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a round's output items in the form that the next request accepts, in order."""
    return [kept for item in items if (kept := _replayable(item))]


def _replayable(item: dict[str, Any]) -> dict[str, Any] | None:
    match item["type"]:
        case "function_call":
            kept = {name: item[name] for name in ("call_id", "name", "arguments")}
            return {"type": "function_call", **kept}
        case "message":
            content = [_replayable_part(part) for part in item.get("content") or []]
            return {"type": "message", "role": "assistant", "content": content} if content else None
        case "reasoning" if item.get("encrypted_content") or item.get("content"):
            # An id without content means nothing to an upstream that stores nothing.
            return _expressible({name: value for name, value in item.items() if name != "status"})
    return None


def _expressible(item: dict[str, Any]) -> dict[str, Any]:
    """Return the item with None for numbers that JSON can't express: no request could have them."""
    kept: dict[str, Any] = from_json(to_json(item, inf_nan_mode="null"))
    return kept


def marked(target: Target, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Note in reasoning items who wrote them: often nobody else can read them."""
    return [
        {**item, _ORIGIN: _origin(target)} if item["type"] == "reasoning" else item
        for item in items
    ]


def readable_by(target: Target, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the items without the reasoning of other upstreams and models."""
    origin = _origin(target)
    return [
        {name: value for name, value in item.items() if name != _ORIGIN}
        if item["type"] == "reasoning"
        else item
        for item in items
        # Rows of older versions don't say who wrote them.
        if item.get(_ORIGIN, origin) == origin
    ]


def _origin(target: Target) -> str:
    return f"{target.upstream.name}/{target.model}"


def _replayable_part(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part as a request may contain it: upstreams reject some fields of their own
    output."""
    if part["type"] == "refusal":
        return {"type": "refusal", "refusal": part.get("refusal") or ""}
    annotations = part.get("annotations") or []
    return {"type": "output_text", "text": part.get("text") or "", "annotations": annotations}


def call_output(call_id: str, parts: Sequence[Part]) -> dict[str, Any]:
    """Return the item with a call's answer: one string if all parts are text, else a list."""
    texts = [part.text for part in parts if isinstance(part, Text)]
    output = "\n".join(texts) if len(texts) == len(parts) else [_stored(part) for part in parts]
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def _stored(part: Part) -> dict[str, Any]:
    """Return a part in its stored form. A request has the file's bytes in place of its id."""
    match part:
        case Text(text):
            return {"type": "input_text", "text": text}
        case Image(file_id):
            return {"type": "input_image", "file_id": file_id}
        case File(file_id):
            return {"type": "input_file", "file_id": file_id}


def unanswered(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the function calls among the items that no later output answers.

    Some upstreams restart the numbering of calls with each answer, so an id may occur again.
    """
    waiting: dict[str, dict[str, Any]] = {}
    for item in items:
        if item["type"] == "function_call":
            waiting[item["call_id"]] = item
        elif item["type"] == "function_call_output":
            waiting.pop(item["call_id"], None)
    return list(waiting.values())


def answer_call(step: StepRow, call_id: str, detail: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Merge the detail of an answer into its call in the step; return the calls with that id."""
    calls = [call for call in step.step_details["tool_calls"] if call["id"] == call_id]
    for call in calls:
        for key, added in detail.items():
            known = call.get(key)
            call[key] = known | added if isinstance(known, dict) else added
    return calls


def allowed_call(step: StepRow, call_id: str, shown: str) -> str:
    """Return how a run notes that a call is allowed.

    With its step: a model may give a later call the same id, and nobody has allowed that one.
    `shown`: the fingerprint of what the person has read.
    """
    return f"{shown} {step.id}/{call_id}"


def allowed_as(allowed: Sequence[str] | None, step: StepRow, call_id: str) -> str | None:
    """Return the fingerprint of what was allowed for this call; None if it was not."""
    for note in allowed or ():
        shown, _, call = note.partition(" ")
        if call == f"{step.id}/{call_id}":
            return shown
    return None


def complete_step(step: StepRow) -> StepRow:
    return replace(step, status="completed", completed_at=now())


def required_action(
    calls: Sequence[tuple[dict[str, Any], dict[str, str] | None]],
) -> RequiredAction:
    """Return these function calls, given as Responses items, as a run's required action.

    With each comes what a person must allow, if the server answers it then.
    """
    tool_calls = [
        RequiredToolCall(
            id=call["call_id"],
            function=FunctionCall(name=call["name"], arguments=call["arguments"]),
            approval=None if approval is None else Approval.model_validate(approval),
        )
        for call, approval in calls
    ]
    return RequiredAction(submit_tool_outputs=SubmitToolOutputs(tool_calls=tool_calls))
