"""Threads and their messages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.db import handovers, messages, repeats, runs, steps, summaries, threads, usage, visitors
from app.db.database import Connection, Database
from app.db.paging import Page
from app.db.rows import MessageRow, SummaryRow, ThreadRow
from app.domain.access import Caller
from app.domain.clock import now
from app.domain.errors import NotFound, ThreadBusy, Unauthorized
from app.domain.ids import new_id
from app.engine.tally import Tally
from app.engine.tasks import RunTasks
from app.schemas.code_interpreter import code_files_in, with_code_files
from app.schemas.common import ListPage, MetadataUpdate
from app.schemas.messages import Message, MessageCreate, MessageDeleted, stored_content
from app.schemas.runs import BusyPolicy
from app.schemas.threads import (
    Thread,
    ThreadCreate,
    ThreadDeleted,
    ThreadSummary,
    ThreadUpdate,
)
from app.services.attachments import attach_files
from app.services.code_files import check_code_files
from app.services.handovers import check_writer
from app.services.notifying import announce
from app.services.repeated import earlier_thread
from app.services.trials import is_trial
from app.services.vector_stores import OF_THREAD, stored_resources
from app.wire import message_object, thread_object

Messages = tuple[list[MessageRow], bool]


class ThreadService:
    def __init__(
        self,
        database: Database,
        tasks: RunTasks,
        wake: Callable[[], None],
        sweep: Callable[[], None],
    ) -> None:
        """`wake` is called when vector store files are waiting to be indexed.

        `sweep` is called when there are files and vector stores to remove.
        """
        self._database = database
        self._tasks = tasks
        self._wake = wake
        self._sweep = sweep

    async def create(self, caller: Caller, body: ThreadCreate) -> Thread:
        count = len(body.messages or [])
        thread = await self._database.transaction_of(count, self._create, caller, body)
        self._wake()
        return thread_object(thread)

    async def retrieve(self, caller: Caller, thread_id: str) -> Thread:
        return thread_object(await self._database.read(threads.retrieve, caller, thread_id))

    async def summary(self, caller: Caller, thread_id: str) -> ThreadSummary:
        """Raises `NotFound` for the thread, and if it has no summary."""
        row = await self._database.read(self._summary, caller, thread_id)
        if row is None or row.text is None or row.made_at is None:
            raise NotFound(f"The thread '{thread_id}' has no summary.")
        return ThreadSummary(thread_id=thread_id, created_at=row.made_at, text=row.text)

    @staticmethod
    def _summary(connection: Connection, caller: Caller, thread_id: str) -> SummaryRow | None:
        threads.retrieve(connection, caller, thread_id)
        return summaries.find(connection, thread_id)

    async def update(self, caller: Caller, thread_id: str, body: ThreadUpdate) -> Thread:
        values: dict[str, Any] = {}
        if "metadata" in body.model_fields_set:
            values["metadata"] = body.metadata or {}
        if "tool_resources" in body.model_fields_set:
            values["tool_resources"] = _resources(body)
        thread = await self._database.transaction(self._update, caller, thread_id, body, values)
        return thread_object(thread)

    async def delete(self, caller: Caller, thread_id: str) -> ThreadDeleted:
        for run_id in await self._database.transaction(self._delete, caller, thread_id):
            self._tasks.abandon(run_id)
        self._sweep()
        return ThreadDeleted(id=thread_id)

    @staticmethod
    def _create(connection: Connection, caller: Caller, body: ThreadCreate) -> ThreadRow:
        if earlier := earlier_thread(connection, caller, body):
            return threads.retrieve(connection, caller, earlier)
        thread = create_thread(connection, caller, body)
        repeats.keep(connection, caller, thread.id)
        return thread

    @staticmethod
    def _update(
        connection: Connection,
        caller: Caller,
        thread_id: str,
        body: ThreadUpdate,
        values: dict[str, Any],
    ) -> ThreadRow:
        threads.lock(connection, caller, thread_id)
        check_code_files(connection, caller, body.tool_resources)
        return threads.modify(connection, caller, thread_id, values)

    @staticmethod
    def _delete(connection: Connection, caller: Caller, thread_id: str) -> list[str]:
        """Delete the thread; return the runs that were active on it."""
        threads.lock(connection, caller, thread_id)
        active = count_active_runs(connection, thread_id)
        threads.remove(connection, caller, thread_id)
        return active


class MessageService:
    def __init__(
        self, database: Database, busy_thread: BusyPolicy, wake: Callable[[], None]
    ) -> None:
        """`busy_thread`: unless it is `reject`, messages are accepted while a run is active.

        `wake` is called when vector store files are waiting to be indexed.
        """
        self._database = database
        self._wake = wake
        self._refuses_busy = busy_thread == "reject"

    async def create(self, caller: Caller, thread_id: str, body: MessageCreate) -> Message:
        message = await self._database.transaction(self._create, caller, thread_id, body)
        if message.attachments:
            self._wake()
        return message_object(message)

    async def retrieve(self, caller: Caller, thread_id: str, message_id: str) -> Message:
        message = await self._database.read(self._in_thread, caller, thread_id, message_id)
        return message_object(message)

    async def list(
        self, caller: Caller, thread_id: str, page: Page, run_id: str | None
    ) -> ListPage[Message]:
        data, has_more = await self._database.read(self._list, caller, thread_id, page, run_id)
        return ListPage[Message].of([message_object(row) for row in data], has_more=has_more)

    async def update(
        self, caller: Caller, thread_id: str, message_id: str, body: MetadataUpdate
    ) -> Message:
        message = await self._database.transaction(
            self._update, caller, thread_id, message_id, body
        )
        return message_object(message)

    async def delete(self, caller: Caller, thread_id: str, message_id: str) -> MessageDeleted:
        await self._database.transaction(self._delete, caller, thread_id, message_id)
        return MessageDeleted(id=message_id)

    def _create(
        self, connection: Connection, caller: Caller, thread_id: str, body: MessageCreate
    ) -> MessageRow:
        threads.lock(connection, caller, thread_id)
        if earlier := repeats.earlier(connection, caller, repeats.MESSAGES, thread_id):
            return messages.retrieve(connection, thread_id, earlier)
        active = runs.active_on(connection, thread_id) if self._refuses_busy else None
        if active is not None:
            raise ThreadBusy.for_message(thread_id, active.id, active.status)
        if body.role == "user" and handovers.answerer(connection, thread_id).state == "waiting":
            announce(connection, caller.project, "handover.message", thread_id)
        message = new_message(thread_id, body, messages.newest_time(connection, thread_id))
        messages.create(connection, replace(message, attempt=caller.mark))
        attach_files(connection, caller, thread_id, [body])
        repeats.keep(connection, caller, message.id)
        return message

    @staticmethod
    def _in_thread(
        connection: Connection, caller: Caller, thread_id: str, message_id: str
    ) -> MessageRow:
        threads.retrieve(connection, caller, thread_id)
        return messages.retrieve(connection, thread_id, message_id)

    @staticmethod
    def _list(
        connection: Connection, caller: Caller, thread_id: str, page: Page, run_id: str | None
    ) -> Messages:
        threads.retrieve(connection, caller, thread_id)
        return messages.list_page(connection, thread_id, page, run_id)

    @staticmethod
    def _update(
        connection: Connection,
        caller: Caller,
        thread_id: str,
        message_id: str,
        body: MetadataUpdate,
    ) -> MessageRow:
        threads.retrieve(connection, caller, thread_id)
        given = "metadata" in body.model_fields_set
        values = {"metadata": body.metadata or {}} if given else {}
        if given and caller.session is not None:
            message = messages.retrieve(connection, thread_id, message_id)
            check_writer(message, values["metadata"])
        return messages.modify(connection, thread_id, message_id, values)

    @staticmethod
    def _delete(connection: Connection, caller: Caller, thread_id: str, message_id: str) -> None:
        # Locked, so that a summary that is being made can't read the message meanwhile.
        threads.lock(connection, caller, thread_id)
        messages.remove(connection, thread_id, message_id)


def count_active_runs(connection: Connection, thread_id: str) -> list[str]:
    """Add the active runs of a thread that is being deleted to the project's usage; return their
    ids.

    Without their thread these runs can't end and be counted in the usual way.
    """
    # Lock the rows, or a run that ends at this moment would be counted twice.
    active = runs.hold_active_on(connection, thread_id)
    for run in active:
        tally = Tally.of_steps(steps.of_run(connection, run.id))
        usage.add(connection, run.project, run, tally.spent, tally.shares)
    return [run.id for run in active]


def create_thread(
    connection: Connection, caller: Caller, body: ThreadCreate, *, for_code: bool = False
) -> ThreadRow:
    """Create a thread with its first messages. `for_code`: it shows its files for code, if none.

    Raises `NotFound` for an unknown file, `InvalidRequest` for too many, and `Unauthorized` if
    nobody knows any more whose session it is.
    """
    if caller.of_user and caller.session and not visitors.is_known(connection, caller.session):
        # Nobody would find the thread to export or delete it. The page begins a new session.
        raise Unauthorized(
            "This visitor's data was deleted; begin a new session at /chat/sessions.",
            code="session_expired",
        )
    resources: dict[str, Any] = {}
    if body.tool_resources is not None:
        check_code_files(connection, caller, body.tool_resources)
        resources = stored_resources(connection, caller.project, body.tool_resources, OF_THREAD)
    if for_code:
        resources = with_code_files(resources, code_files_in(resources))
    thread = ThreadRow(
        id=new_id("thread"),
        created_at=now(),
        metadata=body.metadata or {},
        tool_resources=resources,
        project=caller.project,
        session_id=caller.session,
        trial=is_trial(body.metadata, caller.session),
        attempt=caller.mark,
    )
    threads.create(connection, thread)
    if not body.messages:
        return thread
    messages.create(
        connection, *(new_message(thread.id, item, thread.created_at) for item in body.messages)
    )
    if attach_files(connection, caller, thread.id, body.messages):
        return threads.retrieve(connection, caller, thread.id)
    return thread


def new_message(thread_id: str, body: MessageCreate, not_before: int) -> MessageRow:
    """`not_before`: when the thread's newest message was created (Unix time)."""
    moment = max(now(), not_before)
    return MessageRow(
        id=new_id("message"),
        created_at=moment,
        thread_id=thread_id,
        role=body.role,
        content=stored_content(body.content),
        attachments=[attachment.given() for attachment in body.attachments or []],
        metadata=body.metadata or {},
        completed_at=moment,
    )


def _resources(body: ThreadUpdate) -> dict[str, Any]:
    return body.tool_resources.given() if body.tool_resources else {}
