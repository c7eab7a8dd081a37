"""What visitors of the public chat are not told of runs: what the operator told the model."""

import json
from typing import Any

from pydantic_core import from_json

from app.api.sse import encode, event
from app.domain.access import Caller
from app.engine.hub import Frame
from app.schemas.runs import Run

_HIDDEN: dict[str, Any] = {"instructions": None, "tools": [], "tool_resources": {}}
_to_json = json.JSONEncoder(ensure_ascii=False).encode


def run_for(caller: Caller, run: Run) -> Run:
    """Return the run as this caller may see it."""
    return run if caller.session is None else run.model_copy(update=_HIDDEN)


def encode_for_visitor(frame: Frame) -> bytes:
    """Encode an event, without what is hidden of a run."""
    if not frame.event.startswith("thread.run.") or frame.event.startswith("thread.run.step."):
        return encode(frame)
    return event(frame.event, _to_json({**from_json(frame.data), **_HIDDEN}), frame.id)
