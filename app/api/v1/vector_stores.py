"""`/vector_stores`: the stores, and searches in them."""

from app.api.deps import CallerDep, CreatorDep, PageDep, ServicesDep
from app.api.routing import router
from app.schemas.common import ListPage
from app.schemas.vector_search import SearchResultsPage, VectorSearch
from app.schemas.vector_stores import (
    VectorStore,
    VectorStoreCreate,
    VectorStoreDeleted,
    VectorStoreUpdate,
)

routes = router("vector stores")


@routes.post("/vector_stores")
async def create_vector_store(
    services: ServicesDep, caller: CreatorDep, body: VectorStoreCreate | None = None
) -> VectorStore:
    """Create a vector store, which assistants can search, empty or with its first files."""
    return await services.vector_stores.create(caller, body or VectorStoreCreate())


@routes.get("/vector_stores")
async def list_vector_stores(
    page: PageDep, services: ServicesDep, caller: CallerDep
) -> ListPage[VectorStore]:
    """List the vector stores, newest first."""
    return await services.vector_stores.list(caller.project, page)


@routes.get("/vector_stores/{vector_store_id}")
async def retrieve_vector_store(
    vector_store_id: str, services: ServicesDep, caller: CallerDep
) -> VectorStore:
    """Retrieve a vector store, with the status counts and the size of its files."""
    return await services.vector_stores.retrieve(caller.project, vector_store_id)


@routes.post("/vector_stores/{vector_store_id}")
async def update_vector_store(
    vector_store_id: str,
    services: ServicesDep,
    caller: CallerDep,
    body: VectorStoreUpdate | None = None,
) -> VectorStore:
    """Change a vector store's name, metadata or expiry."""
    return await services.vector_stores.update(
        caller.project, vector_store_id, body or VectorStoreUpdate()
    )


@routes.delete("/vector_stores/{vector_store_id}")
async def delete_vector_store(
    vector_store_id: str, services: ServicesDep, caller: CallerDep
) -> VectorStoreDeleted:
    """Delete a vector store. Its files stay in `/files`."""
    return await services.vector_stores.delete(caller.project, vector_store_id)


@routes.post("/vector_stores/{vector_store_id}/search")
async def search_vector_store(
    vector_store_id: str, body: VectorSearch, services: ServicesDep, caller: CallerDep
) -> SearchResultsPage:
    """Search a vector store: the passages that best match a question, best first."""
    return await services.vector_stores.search(caller.project, vector_store_id, body)
