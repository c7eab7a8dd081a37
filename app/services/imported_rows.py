"""Turns imported objects into rows: what they say, with the project that imports them."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from app.db.feedback_rows import FeedbackRow
from app.db.file_rows import FileRow
from app.db.import_kinds import AnyRow
from app.db.knowledge_rows import StoreFileRow, VectorStoreRow
from app.db.rows import AssistantRow, MessageRow, RunRow, StepRow, ThreadRow
from app.domain.run_status import TERMINAL
from app.schemas.common import RequestBody
from app.schemas.messages import IncompleteDetails
from app.schemas.moving import (
    ImportedAssistant,
    ImportedFeedback,
    ImportedFile,
    ImportedMessage,
    ImportedRun,
    ImportedStep,
    ImportedStoreFile,
    ImportedThread,
    ImportedVectorStore,
)
from app.schemas.tools import as_json, normalized
from app.schemas.vector_stores import StaticStrategy, stored_strategy
from app.services.import_digests import digest
from app.services.trials import is_trial

Raw = dict[str, Any]
AnyImported = (
    ImportedAssistant
    | ImportedThread
    | ImportedMessage
    | ImportedRun
    | ImportedStep
    | ImportedFeedback
    | ImportedFile
    | ImportedVectorStore
    | ImportedStoreFile
)

_OF_RUN_EXPIRED = IncompleteDetails(reason="run_expired")


def imported_row(project: str, one: AnyImported, raw: Raw) -> AnyRow:
    """Return the object's row. `raw` is the JSON object from which `one` was read."""
    row = _MADE[type(one)](project, one, raw)
    return replace(row, imported=digest(row))


def _assistant(project: str, one: ImportedAssistant, raw: Raw) -> AssistantRow:
    return AssistantRow(
        id=one.id,
        created_at=one.created_at,
        project=project,
        name=one.name,
        description=one.description,
        model=one.model,
        instructions=one.instructions,
        tools=_kept(raw.get("tools"), normalized(one.tools)),
        top_p=1.0 if one.top_p is None else float(one.top_p),
        temperature=1.0 if one.temperature is None else float(one.temperature),
        reasoning_effort=one.reasoning_effort,
        tool_resources=_kept(raw.get("tool_resources"), _given(one.tool_resources)),
        metadata=one.metadata or {},
        response_format=_kept(raw.get("response_format"), as_json(one.response_format) or "auto"),
    )


def _thread(project: str, one: ImportedThread, raw: Raw) -> ThreadRow:
    return ThreadRow(
        id=one.id,
        created_at=one.created_at,
        metadata=one.metadata or {},
        tool_resources=_kept(raw.get("tool_resources"), _given(one.tool_resources)),
        project=project,
        session_id=one.threadkeeper.session_id,
        trial=is_trial(one.metadata, one.threadkeeper.session_id),
    )


def _message(_project: str, one: ImportedMessage, raw: Raw) -> MessageRow:
    parts = [_with_lists(part) for part in _dumped(one.content)]
    status, details, incomplete_at = one.status, one.incomplete_details, one.incomplete_at
    if status == "in_progress":
        # No run will finish it here.
        status, details, incomplete_at = "incomplete", _OF_RUN_EXPIRED, one.created_at
    return MessageRow(
        id=one.id,
        thread_id=one.thread_id,
        created_at=one.created_at,
        assistant_id=one.assistant_id,
        run_id=one.run_id,
        role=one.role,
        content=_kept(raw.get("content"), parts),
        attachments=_kept(raw.get("attachments"), _dumped(one.attachments or [])),
        metadata=one.metadata or {},
        status=status or "completed",
        incomplete_details=details,
        completed_at=one.completed_at,
        incomplete_at=incomplete_at,
    )


def _run(project: str, one: ImportedRun, raw: Raw) -> RunRow:
    has_ended, more = one.status in TERMINAL, one.threadkeeper
    return RunRow(
        id=one.id,
        thread_id=one.thread_id,
        assistant_id=one.assistant_id,
        created_at=one.created_at,
        # Nothing is executed because of an import.
        status=one.status if has_ended else "expired",
        model=one.model,
        metadata=one.metadata or {},
        started_at=one.started_at,
        expires_at=one.expires_at,
        cancelled_at=one.cancelled_at,
        failed_at=one.failed_at,
        completed_at=one.completed_at,
        required_action=one.required_action if has_ended else None,
        last_error=one.last_error,
        incomplete_details=one.incomplete_details,
        usage=one.usage,
        streamed=False,
        worker_id=None,
        reserved_tokens=0,
        by_visitor=False,
        project=project,
        request_id=None,
        began_ms=more.began_ms,
        first_text_ms=more.first_text_ms,
        ended_ms=more.ended_ms or _end_of(one) * 1000,
        found_nothing=more.found_nothing,
        instructions=one.instructions,
        tools=_kept(raw.get("tools"), normalized(one.tools)),
        tool_resources=_kept(raw.get("tool_resources"), _given(one.tool_resources)),
        temperature=one.temperature,
        top_p=one.top_p,
        reasoning_effort=one.reasoning_effort,
        max_completion_tokens=one.max_completion_tokens,
        max_prompt_tokens=one.max_prompt_tokens,
        truncation_strategy=_kept(
            raw.get("truncation_strategy"),
            one.truncation_strategy.model_dump()
            if one.truncation_strategy
            else {"type": "auto", "last_messages": None},
        ),
        response_format=_kept(raw.get("response_format"), as_json(one.response_format) or "auto"),
        tool_choice=_kept(raw.get("tool_choice"), as_json(one.tool_choice) or "auto"),
        parallel_tool_calls=one.parallel_tool_calls is not False,
    )


def _step(_project: str, one: ImportedStep, raw: Raw) -> StepRow:
    status, expired_at = one.status, one.expired_at
    if status == "in_progress":
        status, expired_at = "expired", one.expires_at or one.created_at
    details = one.step_details.model_dump(exclude_unset=True)
    return StepRow(
        id=one.id,
        run_id=one.run_id,
        thread_id=one.thread_id,
        assistant_id=one.assistant_id,
        created_at=one.created_at,
        type=one.step_details.type,
        status=status,
        step_details=_kept(raw.get("step_details"), details),
        usage=one.usage,
        last_error=one.last_error,
        metadata=one.metadata or {},
        expires_at=one.expires_at,
        completed_at=one.completed_at,
        cancelled_at=one.cancelled_at,
        failed_at=one.failed_at,
        expired_at=expired_at,
    )


def _end_of(run: ImportedRun) -> int:
    """Return when the run ended, as far as its object says it (Unix time)."""
    ended = run.completed_at or run.failed_at or run.cancelled_at
    if ended is None and run.status not in ("completed", "incomplete"):
        ended = run.expires_at
    return ended or run.started_at or run.created_at


def _feedback(project: str, one: ImportedFeedback, _raw: Raw) -> FeedbackRow:
    return FeedbackRow(
        id=one.id,
        thread_id=one.thread_id,
        created_at=one.created_at,
        project=project,
        session_id=one.threadkeeper.session_id,
        rating=one.rating,
        comment=one.comment or None,
    )


def _file(project: str, one: ImportedFile, _raw: Raw) -> FileRow:
    return FileRow(
        id=one.id,
        created_at=one.created_at,
        filename=one.filename,
        purpose=one.purpose,
        bytes=one.bytes,
        expires_at=one.expires_at,
        project=project,
        session_id=one.threadkeeper.session_id,
        lacks_content=True,
    )


def _vector_store(project: str, one: ImportedVectorStore, _raw: Raw) -> VectorStoreRow:
    return VectorStoreRow(
        id=one.id,
        created_at=one.created_at,
        name=one.name,
        description=one.description,
        expires_after=one.expires_after.given() if one.expires_after else None,
        expires_at=one.expires_at,
        last_active_at=one.created_at if one.last_active_at is None else one.last_active_at,
        metadata=one.metadata or {},
        project=project,
        of_thread=one.threadkeeper.of_thread,
    )


def _store_file(_project: str, one: ImportedStoreFile, raw: Raw) -> StoreFileRow:
    return StoreFileRow(
        id=one.id,
        vector_store_id=one.vector_store_id,
        batch_id=None,
        created_at=one.created_at,
        # Its text is read again, unless nobody wanted it.
        status="cancelled" if one.status == "cancelled" else "in_progress",
        attributes=_kept(raw.get("attributes"), one.attributes or {}),
        chunking_strategy=_strategy(one.chunking_strategy),
        of_thread=one.threadkeeper.of_thread,
    )


_MADE: dict[type, Callable[[str, Any, Raw], AnyRow]] = {
    ImportedAssistant: _assistant,
    ImportedThread: _thread,
    ImportedMessage: _message,
    ImportedRun: _run,
    ImportedStep: _step,
    ImportedFeedback: _feedback,
    ImportedFile: _file,
    ImportedVectorStore: _vector_store,
    ImportedStoreFile: _store_file,
}


def _kept(raw: Any, stored: Any) -> Any:
    """Return the value as it was sent, with its order of keys, if it means what is stored."""
    return raw if raw == stored else stored


def _given(body: RequestBody | None) -> dict[str, Any]:
    return body.given() if body else {}


def _dumped(parts: Collection[BaseModel]) -> list[dict[str, Any]]:
    return [part.model_dump(exclude_unset=True) for part in parts]


def _with_lists(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a message whose text has a list of annotations."""
    if part["type"] == "text":
        part["text"]["annotations"] = part["text"].get("annotations") or []
    return part


def _strategy(given: dict[str, Any] | None) -> dict[str, Any]:
    """Return how a file is cut; the usual way if the import does not say, or says `other`."""
    try:
        return stored_strategy(StaticStrategy.model_validate(given))
    except ValidationError:
        return stored_strategy(None)
