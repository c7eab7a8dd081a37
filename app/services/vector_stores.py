"""Vector stores, and searches in one of them."""

from collections.abc import Callable
from typing import Any

from app.db import chunk_removal, repeats, vector_store_files, vector_stores
from app.db.database import Connection, Database
from app.db.knowledge_rows import VectorStoreRow
from app.db.paging import Page
from app.db.vector_store_files import NewFile
from app.db.vector_stores import StoreWithFiles
from app.domain.access import Caller
from app.domain.clock import now
from app.domain.ids import new_id
from app.knowledge.search import Weights
from app.knowledge.store_search import FoundPassage, StoreSearch
from app.schemas.common import ListPage
from app.schemas.file_search import with_stores
from app.schemas.tools import NewToolResources
from app.schemas.vector_search import (
    SearchRanking,
    SearchResult,
    SearchResultsPage,
    TextContent,
    VectorSearch,
)
from app.schemas.vector_stores import (
    ExpiresAfter,
    NewVectorStore,
    VectorStore,
    VectorStoreCreate,
    VectorStoreDeleted,
    VectorStoreUpdate,
    stored_strategy,
)
from app.services.slices import in_slices
from app.wire import vector_store_object

# A page's stores, and whether there are more.
Stores = tuple[list[StoreWithFiles], bool]

_DAY = 86_400
_RESULTS = 10
# OpenAI's expiry for stores that are created with a thread.
OF_THREAD = ExpiresAfter(anchor="last_active_at", days=7)


class VectorStoreService:
    def __init__(self, database: Database, search: StoreSearch, wake: Callable[[], None]) -> None:
        """`wake` is called when files are waiting to be indexed."""
        self._database = database
        self._search = search
        self._wake = wake

    async def create(self, caller: Caller, body: VectorStoreCreate) -> VectorStore:
        store = await self._database.transaction(self._create, caller, body)
        self._wake()
        return vector_store_object(store, now())

    async def retrieve(self, project: str, store_id: str) -> VectorStore:
        store = await self._database.read(self._retrieve, project, store_id)
        return vector_store_object(store, now())

    async def list(self, project: str, page: Page) -> ListPage[VectorStore]:
        data, has_more = await self._database.read(self._list, project, page)
        moment = now()
        stores = [vector_store_object(store, moment) for store in data]
        return ListPage[VectorStore].of(stores, has_more=has_more)

    async def update(self, project: str, store_id: str, body: VectorStoreUpdate) -> VectorStore:
        moment = now()
        values: dict[str, Any] = {}
        if "name" in body.model_fields_set:
            values["name"] = body.name
        if "metadata" in body.model_fields_set:
            values["metadata"] = body.metadata or {}
        if "expires_after" in body.model_fields_set:
            values |= _expiry(body.expires_after, moment)
        store = await self._database.transaction(self._update, project, store_id, values)
        return vector_store_object(store, moment)

    async def delete(self, project: str, store_id: str) -> VectorStoreDeleted:
        await self._database.read(vector_stores.check_own, project, store_id)
        await in_slices(self._database, chunk_removal.remove_some, store_id)
        await self._database.transaction(vector_stores.remove, project, store_id)
        return VectorStoreDeleted(id=store_id)

    async def search(self, project: str, store_id: str, body: VectorSearch) -> SearchResultsPage:
        # Raise here: `StoreSearch.find` silently leaves out stores that can't be used.
        await self._database.read(_check_usable, project, store_id)
        ranking = body.ranking_options or SearchRanking()
        found = await self._search.find(
            project,
            [store_id],
            body.queries(),
            max_results=body.max_num_results or _RESULTS,
            score_threshold=ranking.score_threshold or 0.0,
            filters=body.filters,
            weights=_weights(ranking),
        )
        return SearchResultsPage(search_query=body.queries(), data=[_result(one) for one in found])

    @staticmethod
    def _create(connection: Connection, caller: Caller, body: VectorStoreCreate) -> StoreWithFiles:
        project = caller.project
        if earlier := repeats.earlier(connection, caller, repeats.VECTOR_STORES, project):
            return _with_files(connection, vector_stores.retrieve(connection, project, earlier))
        store = create_store(connection, project, body, attempt=caller.mark)
        repeats.keep(connection, caller, store.id)
        return _with_files(connection, store)

    @staticmethod
    def _retrieve(connection: Connection, project: str, store_id: str) -> StoreWithFiles:
        return _with_files(connection, vector_stores.retrieve(connection, project, store_id))

    @staticmethod
    def _list(connection: Connection, project: str, page: Page) -> Stores:
        data, has_more = vector_stores.list_page(connection, project, page)
        return vector_stores.with_files(connection, data), has_more

    @staticmethod
    def _update(
        connection: Connection, project: str, store_id: str, values: dict[str, Any]
    ) -> StoreWithFiles:
        changed = vector_stores.modify(connection, project, store_id, values)
        return _with_files(connection, changed)


def create_store(
    connection: Connection,
    project: str,
    body: NewVectorStore,
    expires_after: ExpiresAfter | None = None,
    *,
    attempt: str | None = None,
) -> VectorStoreRow:
    """Create a store with its first files. Raises `NotFound` for an unknown file.

    `expires_after` is for stores whose body has no such field. With `OF_THREAD` the store belongs
    to a thread and is deleted with it. `attempt` marks the row; see `repeats.py`.
    """
    moment = now()
    full = body if isinstance(body, VectorStoreCreate) else VectorStoreCreate()
    store = VectorStoreRow(
        id=new_id("vector_store"),
        created_at=moment,
        name=full.name or None,
        description=full.description,
        metadata=body.metadata or {},
        project=project,
        of_thread=expires_after is OF_THREAD,
        attempt=attempt,
        **_expiry(full.expires_after or expires_after, moment),
    )
    vector_stores.create(connection, store)
    strategy = stored_strategy(body.chunking_strategy)
    files = [NewFile(file_id, None, strategy) for file_id in body.file_ids or []]
    vector_store_files.attach(connection, project, store.id, files, moment)
    return store


def stored_resources(
    connection: Connection,
    project: str,
    resources: NewToolResources | None,
    expires_after: ExpiresAfter | None = None,
) -> dict[str, Any]:
    """Return tool resources as they are stored; the stores that they describe are created."""
    kept, new = resources.taken_apart() if resources else ({}, [])
    ids = [create_store(connection, project, store, expires_after).id for store in new]
    return with_stores(kept, ids) if ids else kept


def _expiry(expires_after: ExpiresAfter | None, moment: int) -> dict[str, Any]:
    """Return the expiry columns of a store that is being used now."""
    return {
        "expires_after": expires_after.given() if expires_after else None,
        "expires_at": moment + expires_after.days * _DAY if expires_after else None,
        "last_active_at": moment,
    }


def _with_files(connection: Connection, store: VectorStoreRow) -> StoreWithFiles:
    return vector_stores.with_files(connection, [store])[0]


def _check_usable(connection: Connection, project: str, store_id: str) -> None:
    if vector_stores.retrieve(connection, project, store_id).has_expired(now()):
        raise vector_stores.expired(store_id)


def _weights(ranking: SearchRanking) -> Weights:
    hybrid = ranking.hybrid_search
    return Weights(hybrid.text_weight, hybrid.embedding_weight) if hybrid else Weights()


def _result(found: FoundPassage) -> SearchResult:
    return SearchResult(
        file_id=found.file_id,
        filename=found.filename,
        score=found.score,
        attributes=found.attributes,
        content=[TextContent(text=found.text)],
    )
