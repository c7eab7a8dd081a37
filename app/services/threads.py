"""Threads and their messages."""

from collections.abc import Callable
from typing import Any

from app.db import messages, runs, threads
from app.db.database import Connection, Database
from app.db.paging import Page
from app.domain.clock import now
from app.domain.errors import ThreadBusy
from app.domain.ids import new_id
from app.engine.supervisor import RunSupervisor
from app.schemas.common import ListPage, MetadataUpdate
from app.schemas.messages import Message, MessageCreate, MessageDeleted, stored_content
from app.schemas.runs import BusyPolicy
from app.schemas.threads import Thread, ThreadCreate, ThreadDeleted, ThreadUpdate
from app.services.attachments import attach_files
from app.services.vector_stores import OF_THREAD, stored_resources


class ThreadService:
    def __init__(
        self, database: Database, supervisor: RunSupervisor, wake: Callable[[], None]
    ) -> None:
        """`wake` is called when there are files of a vector store to be read."""
        self._database = database
        self._supervisor = supervisor
        self._wake = wake

    async def create(self, body: ThreadCreate) -> Thread:
        thread = await self._database.transaction(create_thread, body)
        self._wake()
        return thread

    async def retrieve(self, thread_id: str) -> Thread:
        return await self._database.read(threads.retrieve, thread_id)

    async def update(self, thread_id: str, body: ThreadUpdate) -> Thread:
        values: dict[str, Any] = {}
        if "metadata" in body.model_fields_set:
            values["metadata"] = body.metadata or {}
        if "tool_resources" in body.model_fields_set:
            values["tool_resources"] = _resources(body)
        return await self._database.transaction(threads.modify, thread_id, values)

    async def delete(self, thread_id: str) -> ThreadDeleted:
        for run_id in await self._database.transaction(self._delete, thread_id):
            self._supervisor.abandon(run_id)
        return ThreadDeleted(id=thread_id)

    @staticmethod
    def _delete(connection: Connection, thread_id: str) -> list[str]:
        """Delete the thread; return the runs that were active on it."""
        active = [run.id for run in runs.all_active_on(connection, thread_id)]
        threads.remove(connection, thread_id)
        return active


class MessageService:
    def __init__(
        self, database: Database, busy_thread: BusyPolicy, wake: Callable[[], None]
    ) -> None:
        """`busy_thread`: unless it is `reject`, messages are taken while a run is active.

        `wake` is called when there are files of a vector store to be read.
        """
        self._database = database
        self._wake = wake
        self._refuses_busy = busy_thread == "reject"

    async def create(self, thread_id: str, body: MessageCreate) -> Message:
        message = await self._database.transaction(self._create, thread_id, body)
        if message.attachments:
            self._wake()
        return message

    async def retrieve(self, thread_id: str, message_id: str) -> Message:
        return await self._database.read(self._in_thread, thread_id, message_id)

    async def list(self, thread_id: str, page: Page, run_id: str | None) -> ListPage[Message]:
        return await self._database.read(self._list, thread_id, page, run_id)

    async def update(self, thread_id: str, message_id: str, body: MetadataUpdate) -> Message:
        return await self._database.transaction(self._update, thread_id, message_id, body)

    async def delete(self, thread_id: str, message_id: str) -> MessageDeleted:
        await self._database.transaction(self._delete, thread_id, message_id)
        return MessageDeleted(id=message_id)

    def _create(self, connection: Connection, thread_id: str, body: MessageCreate) -> Message:
        threads.lock(connection, thread_id)
        active = runs.active_on(connection, thread_id) if self._refuses_busy else None
        if active is not None:
            raise ThreadBusy.for_message(thread_id, active.id, active.status)
        message = new_message(thread_id, body)
        messages.create(connection, message)
        attach_files(connection, thread_id, [body])
        return message

    @staticmethod
    def _in_thread(connection: Connection, thread_id: str, message_id: str) -> Message:
        threads.retrieve(connection, thread_id)
        return messages.retrieve(connection, thread_id, message_id)

    @staticmethod
    def _list(
        connection: Connection, thread_id: str, page: Page, run_id: str | None
    ) -> ListPage[Message]:
        threads.retrieve(connection, thread_id)
        data, has_more = messages.list_page(connection, thread_id, page, run_id)
        return ListPage[Message].of(data, has_more=has_more)

    @staticmethod
    def _update(
        connection: Connection, thread_id: str, message_id: str, body: MetadataUpdate
    ) -> Message:
        threads.retrieve(connection, thread_id)
        given = "metadata" in body.model_fields_set
        values = {"metadata": body.metadata or {}} if given else {}
        return messages.modify(connection, thread_id, message_id, values)

    @staticmethod
    def _delete(connection: Connection, thread_id: str, message_id: str) -> None:
        threads.retrieve(connection, thread_id)
        messages.remove(connection, thread_id, message_id)


def create_thread(connection: Connection, body: ThreadCreate) -> Thread:
    """Create a thread with the messages it begins with."""
    thread = Thread(
        id=new_id("thread"),
        created_at=now(),
        metadata=body.metadata or {},
        tool_resources=stored_resources(connection, body.tool_resources, OF_THREAD),
    )
    threads.create(connection, thread)
    messages.create(connection, *(new_message(thread.id, item) for item in body.messages or []))
    if attach_files(connection, thread.id, body.messages or []):
        return threads.retrieve(connection, thread.id)
    return thread


def new_message(thread_id: str, body: MessageCreate) -> Message:
    moment = now()
    return Message(
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
