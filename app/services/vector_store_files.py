"""Files in vector stores, one by one and in batches."""

from collections.abc import Callable, Sequence

from app.db import chunk_removal, chunks, file_batches, repeats, vector_store_files, vector_stores
from app.db.database import Connection, Database
from app.db.file_batches import BatchWithFiles
from app.db.knowledge_rows import StoreFileRow
from app.db.paging import Page
from app.db.vector_store_files import NewFile
from app.domain.access import Caller
from app.domain.clock import now
from app.domain.ids import new_id
from app.schemas.common import ListPage
from app.schemas.vector_search import FileContentPage, TextContent
from app.schemas.vector_stores import (
    AttributesUpdate,
    FileBatch,
    FileBatchCreate,
    FileStatus,
    VectorStoreFile,
    VectorStoreFileCreate,
    VectorStoreFileDeleted,
    stored_strategy,
)
from app.services.slices import in_slices
from app.wire import file_batch_object, store_file_object

# A page's files, and whether there are more.
Files = tuple[list[StoreFileRow], bool]


class VectorStoreFileService:
    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` is called when files are waiting to be indexed."""
        self._database = database
        self._wake = wake

    async def create(
        self, caller: Caller, store_id: str, body: VectorStoreFileCreate
    ) -> VectorStoreFile:
        """Attach a file, which is then indexed in the background."""
        file = await self._database.transaction(self._create, caller, store_id, body)
        self._wake()
        return store_file_object(file)

    async def retrieve(self, project: str, store_id: str, file_id: str) -> VectorStoreFile:
        return store_file_object(await self._database.read(_in_store, project, store_id, file_id))

    async def list(
        self, project: str, store_id: str, page: Page, status: FileStatus | None
    ) -> ListPage[VectorStoreFile]:
        return _page(*await self._database.read(self._list, project, store_id, page, status))

    async def update(
        self, project: str, store_id: str, file_id: str, body: AttributesUpdate
    ) -> VectorStoreFile:
        file = await self._database.transaction(self._update, project, store_id, file_id, body)
        return store_file_object(file)

    async def delete(self, project: str, store_id: str, file_id: str) -> VectorStoreFileDeleted:
        await self._database.read(vector_stores.check_own, project, store_id)
        await in_slices(self._database, chunk_removal.remove_some, store_id, file_id)
        await self._database.transaction(self._delete, project, store_id, file_id)
        return VectorStoreFileDeleted(id=file_id)

    async def content(self, project: str, store_id: str, file_id: str) -> FileContentPage:
        texts = await self._database.read(_texts, project, store_id, file_id)
        return FileContentPage(data=[TextContent(text=text) for text in texts])

    @staticmethod
    def _create(
        connection: Connection, caller: Caller, store_id: str, body: VectorStoreFileCreate
    ) -> StoreFileRow:
        project, moment = caller.project, now()
        vector_stores.use(connection, project, store_id, moment)
        # Without a key it may be repeated: a store has each file once.
        if not repeats.is_known(connection, caller):
            vector_store_files.attach(connection, project, store_id, _new([body]), moment)
            repeats.keep(connection, caller, body.file_id)
        return vector_store_files.retrieve(connection, store_id, body.file_id)

    @staticmethod
    def _list(
        connection: Connection, project: str, store_id: str, page: Page, status: FileStatus | None
    ) -> Files:
        vector_stores.retrieve(connection, project, store_id)
        return vector_store_files.list_page(connection, page, status, vector_store_id=store_id)

    @staticmethod
    def _update(
        connection: Connection, project: str, store_id: str, file_id: str, body: AttributesUpdate
    ) -> StoreFileRow:
        vector_stores.check_own(connection, project, store_id)
        values = {"attributes": body.attributes or {}}
        vector_store_files.modify(connection, store_id, file_id, values)
        return vector_store_files.retrieve(connection, store_id, file_id)

    @staticmethod
    def _delete(connection: Connection, project: str, store_id: str, file_id: str) -> None:
        vector_stores.check_own(connection, project, store_id)
        vector_store_files.remove(connection, store_id, file_id)


class FileBatchService:
    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        """`wake` is called when files are waiting to be indexed."""
        self._database = database
        self._wake = wake

    async def create(self, caller: Caller, store_id: str, body: FileBatchCreate) -> FileBatch:
        batch = await self._database.transaction(self._create, caller, store_id, body)
        self._wake()
        return file_batch_object(batch)

    async def retrieve(self, project: str, store_id: str, batch_id: str) -> FileBatch:
        return file_batch_object(
            await self._database.read(_batch_in_store, project, store_id, batch_id)
        )

    async def cancel(self, project: str, store_id: str, batch_id: str) -> FileBatch:
        """Cancel the files that are not indexed yet; a batch that has ended does not change."""
        return file_batch_object(
            await self._database.transaction(self._cancel, project, store_id, batch_id)
        )

    async def list_files(
        self, project: str, store_id: str, batch_id: str, page: Page, status: FileStatus | None
    ) -> ListPage[VectorStoreFile]:
        found = await self._database.read(
            self._list_files, project, store_id, batch_id, page, status
        )
        return _page(*found)

    @staticmethod
    def _create(
        connection: Connection, caller: Caller, store_id: str, body: FileBatchCreate
    ) -> BatchWithFiles:
        project, moment, batch_id = caller.project, now(), new_id("file_batch")
        vector_stores.use(connection, project, store_id, moment)
        if earlier := repeats.earlier(connection, caller, repeats.BATCHES, store_id):
            return file_batches.retrieve(connection, store_id, earlier)
        file_batches.create(connection, batch_id, store_id, moment, attempt=caller.mark)
        repeats.keep(connection, caller, batch_id)
        vector_store_files.attach(
            connection, project, store_id, _new(body.each()), moment, batch_id
        )
        return file_batches.retrieve(connection, store_id, batch_id)

    @staticmethod
    def _cancel(
        connection: Connection, project: str, store_id: str, batch_id: str
    ) -> BatchWithFiles:
        vector_stores.check_own(connection, project, store_id)
        batch = file_batches.retrieve(connection, store_id, batch_id)
        if batch.status != "in_progress":
            return batch
        file_batches.cancel(connection, batch_id)
        return file_batches.retrieve(connection, store_id, batch_id)

    @staticmethod
    def _list_files(
        connection: Connection,
        project: str,
        store_id: str,
        batch_id: str,
        page: Page,
        status: FileStatus | None,
    ) -> Files:
        _batch_in_store(connection, project, store_id, batch_id)
        return vector_store_files.list_page(connection, page, status, batch_id=batch_id)


def _page(files: list[StoreFileRow], has_more: bool) -> ListPage[VectorStoreFile]:
    data = [store_file_object(file) for file in files]
    return ListPage[VectorStoreFile].of(data, has_more=has_more)


def _new(files: Sequence[VectorStoreFileCreate]) -> list[NewFile]:
    return [
        NewFile(file.file_id, file.attributes, stored_strategy(file.chunking_strategy))
        for file in files
    ]


def _texts(connection: Connection, project: str, store_id: str, file_id: str) -> list[str]:
    if _in_store(connection, project, store_id, file_id).usage_bytes == 0:
        return []  # it is not indexed completely; some chunks may exist already
    return chunks.texts_of_file(connection, store_id, file_id)


def _in_store(connection: Connection, project: str, store_id: str, file_id: str) -> StoreFileRow:
    """Raises `NotFound` for the store, or else for the file."""
    vector_stores.retrieve(connection, project, store_id)
    return vector_store_files.retrieve(connection, store_id, file_id)


def _batch_in_store(
    connection: Connection, project: str, store_id: str, batch_id: str
) -> BatchWithFiles:
    """Raises `NotFound` for the store, or else for the batch."""
    vector_stores.retrieve(connection, project, store_id)
    return file_batches.retrieve(connection, store_id, batch_id)
