"""Turns rows into the objects that clients receive. Pure, and the only module that does so.

The engine sends objects as events and the services return them, so this module is below both. It
uses rows and schemas, so it is above the database. An object takes the fields of its schema from
the row by name; the row's other fields never leave the server.
"""

from collections.abc import Callable
from typing import Any

from app.db.action_rows import ActionRow
from app.db.feedback_rows import FeedbackRow
from app.db.file_batches import BatchWithFiles
from app.db.file_rows import FileRow
from app.db.knowledge_rows import StoreFileRow
from app.db.rows import AssistantRow, MessageRow, RunRow, StepRow, ThreadRow
from app.db.vector_stores import StoreWithFiles
from app.domain.access import SHARED
from app.schemas.actions import Action, ShownAuth
from app.schemas.assistants import Assistant
from app.schemas.code_interpreter import shown_resources
from app.schemas.common import WireObject
from app.schemas.feedback import Feedback
from app.schemas.files import FileObject
from app.schemas.messages import Message
from app.schemas.runs import Run
from app.schemas.steps import RunStep
from app.schemas.threads import ListedThread, Thread
from app.schemas.vector_stores import (
    FileBatch,
    FileCounts,
    VectorStore,
    VectorStoreFile,
    VectorStoreStatus,
)


def assistant_object(row: AssistantRow) -> Assistant:
    shown = Assistant.model_validate(row, from_attributes=True)
    shown.tool_resources = shown_resources(row.tool_resources, row.tools)
    return shown


def thread_object(row: ThreadRow) -> Thread:
    shown = Thread.model_validate(row, from_attributes=True)
    shown.tool_resources = shown_resources(row.tool_resources)
    return shown


def listed_thread_object(row: ThreadRow, preview: str | None) -> ListedThread:
    return ListedThread(**thread_object(row).model_dump(), preview=preview)


def message_object(row: MessageRow) -> Message:
    return Message.model_validate(row, from_attributes=True)


def feedback_object(row: FeedbackRow) -> Feedback:
    return Feedback(
        id=row.id,
        created_at=row.created_at,
        thread_id=row.thread_id,
        rating=row.rating,
        comment=row.comment,
        by_visitor=row.session_id is not None,
    )


def run_object(row: RunRow) -> Run:
    shown = Run.model_validate(row, from_attributes=True)
    shown.tool_resources = shown_resources(row.tool_resources, row.tools)
    return shown


def step_object(row: StepRow) -> RunStep:
    return RunStep.model_validate(row, from_attributes=True)


def file_object(row: FileRow) -> FileObject:
    return FileObject.model_validate(row, from_attributes=True)


def vector_store_object(found: StoreWithFiles, now: int) -> VectorStore:
    """Return the store in its state at the time `now` (Unix)."""
    row, counts = found.store, FileCounts.of(found.files.items())
    status: VectorStoreStatus = "in_progress" if counts.in_progress else "completed"
    return VectorStore(
        id=row.id,
        created_at=row.created_at,
        name=row.name or None,
        description=row.description,
        usage_bytes=found.usage_bytes,
        file_counts=counts,
        status="expired" if row.has_expired(now) else status,
        expires_after=row.expires_after,
        expires_at=row.expires_at,
        last_active_at=row.last_active_at,
        metadata=row.metadata,
    )


def store_file_object(row: StoreFileRow) -> VectorStoreFile:
    return VectorStoreFile.model_validate(row, from_attributes=True)


def file_batch_object(found: BatchWithFiles) -> FileBatch:
    row = found.batch
    return FileBatch(
        id=row.id,
        created_at=row.created_at,
        status=found.status,
        vector_store_id=row.vector_store_id,
        file_counts=FileCounts.of(found.files.items()),
    )


def action_object(row: ActionRow) -> Action:
    """Return the action without its secret, its document and what was made of that."""
    auth = {"in_" if name == "in" else name: value for name, value in row.auth.items()}
    return Action(
        id=row.id,
        created_at=row.created_at,
        name=row.name,
        title=row.title,
        document_url=row.document_url,
        server=row.server,
        address=row.address,
        operations=row.chosen,
        ask=row.ask,
        auth=ShownAuth.model_validate(auth | {"has_secret": row.secret is not None}),
        metadata=row.metadata,
        configured=row.project == SHARED,
    )


# The rows whose objects are sent in events.
EventRow = ThreadRow | MessageRow | RunRow | StepRow
_MADE: dict[type, Callable[[Any], WireObject]] = {
    ThreadRow: thread_object,
    MessageRow: message_object,
    RunRow: run_object,
    StepRow: step_object,
}


def object_of(row: EventRow) -> WireObject:
    """Return the object of any row that is sent in an event."""
    return _MADE[type(row)](row)
