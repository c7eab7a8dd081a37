"""Right answers: an owner writes them, and the assistant finds them from then on.

Each is a small text file in the assistant's own vector store, so that search finds exactly it,
exports contain it, and changing one leaves the others alone. Its attributes have its id, which
stays when the text changes.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

from app.core.object_store import ObjectStore, StorageError, file_key
from app.db import answers, assistants, files, vector_store_files, vector_stores
from app.db.answers import ANSWER_ID, QUESTION
from app.db.database import Connection, Database
from app.db.file_rows import FileRow
from app.db.knowledge_rows import StoreFileRow, VectorStoreRow
from app.db.paging import Page
from app.db.rows import AssistantRow
from app.db.vector_store_files import NewFile
from app.domain.access import SHARED
from app.domain.clock import now
from app.domain.errors import Configured, InvalidRequest, NotFound, ThreadkeeperError
from app.domain.ids import new_id
from app.schemas.answers import Answer, AnswerCreate, AnswerDeleted, AnswerUpdate
from app.schemas.common import ListPage
from app.schemas.file_search import FILE_SEARCH, FileSearchTool, stores_in, with_stores
from app.schemas.vector_stores import stored_strategy
from app.services.assistant_versions import change, locked
from app.storage.file_writer import FileWriter, StoredBytes

logger = logging.getLogger(__name__)

MAX_ANSWERS = 1000
_LONGEST_NAME = 60
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|【】†]+')


@dataclass(frozen=True)
class _Entry:
    """An answer whose bytes are stored, and whose rows are still to come."""

    answer_id: str
    question: str
    stored: StoredBytes
    # The file of the text that it replaces.
    replaces: str | None = None


class AnswerService:
    def __init__(
        self, database: Database, store: ObjectStore, writer: FileWriter, wake: Callable[[], None]
    ) -> None:
        """`wake` is called when vector store files are waiting to be indexed."""
        self._database = database
        self._store = store
        self._writer = writer
        self._wake = wake

    async def create(self, project: str, assistant_id: str, body: AnswerCreate) -> Answer:
        """Raises `NotFound`, `Configured` and `InvalidRequest`."""
        await self._database.read(_changeable, project, assistant_id)
        question = _one_line(body.question)
        return await self._write(project, assistant_id, new_id("answer"), question, body.answer)

    async def update(
        self, project: str, assistant_id: str, answer_id: str, body: AnswerUpdate
    ) -> Answer:
        """Replace the text; the id stays. Raises `NotFound` and `Configured`."""
        found = await self._database.read(_find, project, assistant_id, answer_id)
        question = _one_line(body.question) if body.question else str(found.attributes[QUESTION])
        text = body.answer or await self._text(found)
        if text is None:
            raise InvalidRequest("The old answer is lost; give a new 'answer'.", param="answer")
        return await self._write(project, assistant_id, answer_id, question, text, found.id)

    async def list(self, project: str, assistant_id: str, page: Page) -> ListPage[Answer]:
        found, has_more = await self._database.read(_list, project, assistant_id, page)
        texts = await asyncio.gather(*map(self._text, found))
        data = [_object(assistant_id, *one) for one in zip(found, texts, strict=True)]
        return ListPage[Answer].of(data, has_more=has_more)

    async def retrieve(self, project: str, assistant_id: str, answer_id: str) -> Answer:
        found = await self._database.read(_in_store, project, assistant_id, answer_id)
        return _object(assistant_id, found, await self._text(found))

    async def delete(self, project: str, assistant_id: str, answer_id: str) -> AnswerDeleted:
        await self._database.transaction(_delete, project, assistant_id, answer_id)
        return AnswerDeleted(id=answer_id)

    async def _write(
        self,
        project: str,
        assistant_id: str,
        answer_id: str,
        question: str,
        text: str,
        replaces: str | None = None,
    ) -> Answer:
        """Store the text, and then its rows."""
        try:
            stored = await self._writer.put(_once(f"# {question}\n\n{text}\n".encode()))
        except StorageError as error:
            raise ThreadkeeperError(
                "The server's file store does not answer. Please try again in a moment.",
                status=503,
                code="storage_unavailable",
            ) from error
        entry = _Entry(answer_id, question, stored, replaces)
        try:
            file = await self._database.transaction(_attach, project, assistant_id, entry)
        finally:
            # This keeps the bytes of a file that has its row.
            await self._writer.give_up(stored.file_id)
        self._wake()
        return _object(assistant_id, file, text)

    async def _text(self, file: StoreFileRow) -> str | None:
        """Return the answer; None if the file's content is missing."""
        try:
            content = await self._store.read_whole(file_key(file.id))
        except StorageError as error:
            logger.warning("the answer in %s could not be read: %s", file.id, error)
            return None
        return content.decode(errors="replace").partition("\n\n")[2].removesuffix("\n")


def _attach(connection: Connection, project: str, assistant_id: str, entry: _Entry) -> StoreFileRow:
    assistant, moment = locked(connection, project, assistant_id), now()
    store_id = _own_store(connection, assistant, moment)
    if entry.replaces is not None:
        _remove(connection, project, answers.find(connection, [store_id], entry.answer_id))
    elif answers.count(connection, store_id) >= MAX_ANSWERS:
        raise InvalidRequest(
            f"This assistant has {MAX_ANSWERS} answers already (the maximum).",
            code="too_many_answers",
        )
    file = FileRow(
        id=entry.stored.file_id,
        purpose="assistants",
        filename=_filename(entry.question),
        bytes=entry.stored.size,
        created_at=entry.stored.created_at,
        expires_at=None,
        project=project,
    )
    if files.create(connection, file) is None:
        raise ThreadkeeperError("Storing the answer took too long.", status=503)
    attributes: dict[str, str | bool | int | float] = {
        ANSWER_ID: entry.answer_id,
        QUESTION: entry.question,
    }
    new = NewFile(file.id, attributes, stored_strategy(None))
    vector_store_files.attach(connection, project, store_id, [new], moment)
    return vector_store_files.retrieve(connection, store_id, file.id)


def _own_store(connection: Connection, assistant: AssistantRow, moment: int) -> str:
    """Return the assistant's vector store, locked; one is made and attached if it has none."""
    values: dict[str, Any] = {}
    store_id = next(iter(stores_in(assistant.tool_resources)), None)
    if store_id is not None:
        try:
            vector_stores.use(connection, assistant.project, store_id, moment)
        except NotFound:
            store_id = None
    if store_id is None:
        store_id = new_id("vector_store")
        store = VectorStoreRow(
            id=store_id,
            created_at=moment,
            name=assistant.name or assistant.id,
            description=None,
            expires_after=None,
            expires_at=None,
            last_active_at=moment,
            metadata={},
            project=assistant.project,
        )
        vector_stores.create(connection, store)
        values["tool_resources"] = with_stores(assistant.tool_resources, [store_id])
    if not any(tool["type"] == FILE_SEARCH for tool in assistant.tools):
        values["tools"] = [*assistant.tools, FileSearchTool(type=FILE_SEARCH).normalized()]
    change(connection, assistant, values, "updated", None)
    return store_id


def _changeable(connection: Connection, project: str, assistant_id: str) -> AssistantRow:
    """Raises `NotFound`, and `Configured` for an assistant that only its file can change."""
    assistant = assistants.retrieve(connection, project, assistant_id)
    if assistant.project == SHARED:
        raise Configured("Assistant", assistant_id)
    return assistant


def _find(connection: Connection, project: str, assistant_id: str, answer_id: str) -> StoreFileRow:
    _changeable(connection, project, assistant_id)
    return _in_store(connection, project, assistant_id, answer_id)


def _in_store(
    connection: Connection, project: str, assistant_id: str, answer_id: str
) -> StoreFileRow:
    assistant = assistants.retrieve(connection, project, assistant_id)
    return answers.find(connection, stores_in(assistant.tool_resources), answer_id)


def _list(
    connection: Connection, project: str, assistant_id: str, page: Page
) -> tuple[list[StoreFileRow], bool]:
    assistant = assistants.retrieve(connection, project, assistant_id)
    stores = stores_in(assistant.tool_resources)
    if not stores:
        return [], False
    # The cursors are the answers' ids, which stay when their files change.
    after, before = (
        answers.find(connection, stores, cursor).id if cursor is not None else None
        for cursor in (page.after, page.before)
    )
    return answers.list_page(connection, stores[0], replace(page, after=after, before=before))


def _delete(connection: Connection, project: str, assistant_id: str, answer_id: str) -> None:
    _remove(connection, project, _find(connection, project, assistant_id, answer_id))


def _remove(connection: Connection, project: str, file: StoreFileRow) -> None:
    vector_store_files.remove(connection, file.vector_store_id, file.id)
    files.remove(connection, project, file.id, now())


def _object(assistant_id: str, file: StoreFileRow, text: str | None) -> Answer:
    return Answer(
        id=str(file.attributes[ANSWER_ID]),
        created_at=file.created_at,
        assistant_id=assistant_id,
        question=str(file.attributes.get(QUESTION, "")),
        answer=text,
        status=file.status,
        file_id=file.id,
        vector_store_id=file.vector_store_id,
    )


def _one_line(question: str) -> str:
    return " ".join(question.split())


def _filename(question: str) -> str:
    """Return a name that citations show."""
    name = _one_line(_NOT_IN_NAMES.sub(" ", question))[:_LONGEST_NAME].strip(" .")
    return f"{name or 'answer'}.md"


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
