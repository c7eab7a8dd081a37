"""`/vector_stores/{vector_store_id}/files` and `…/file_batches`."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import CallerDep, CreatorDep, PageDep, ServicesDep
from app.api.routing import router
from app.schemas.common import ListPage
from app.schemas.vector_search import FileContentPage
from app.schemas.vector_stores import (
    AttributesUpdate,
    FileBatch,
    FileBatchCreate,
    FileStatus,
    VectorStoreFile,
    VectorStoreFileCreate,
    VectorStoreFileDeleted,
)

routes = router("vector store files")

_FILES = "/vector_stores/{vector_store_id}/files"
_BATCHES = "/vector_stores/{vector_store_id}/file_batches"

StatusFilter = Annotated[
    FileStatus | None, Query(alias="filter", description="Only files with this status.")
]


@routes.post(_FILES)
async def create_vector_store_file(
    vector_store_id: str, body: VectorStoreFileCreate, services: ServicesDep, caller: CreatorDep
) -> VectorStoreFile:
    """Attach a file to a vector store; the server processes it in the background."""
    return await services.vector_store_files.create(caller, vector_store_id, body)


@routes.get(_FILES)
async def list_vector_store_files(
    vector_store_id: str,
    page: PageDep,
    services: ServicesDep,
    caller: CallerDep,
    status: StatusFilter = None,
) -> ListPage[VectorStoreFile]:
    """List a vector store's files, newest first."""
    return await services.vector_store_files.list(caller.project, vector_store_id, page, status)


@routes.get(f"{_FILES}/{{file_id}}")
async def retrieve_vector_store_file(
    vector_store_id: str, file_id: str, services: ServicesDep, caller: CallerDep, response: Response
) -> VectorStoreFile:
    """Retrieve a file's status. The header `openai-poll-after-ms` says when to poll again."""
    response.headers["openai-poll-after-ms"] = str(services.poll_after_ms)
    return await services.vector_store_files.retrieve(caller.project, vector_store_id, file_id)


@routes.post(f"{_FILES}/{{file_id}}")
async def update_vector_store_file(
    vector_store_id: str,
    file_id: str,
    body: AttributesUpdate,
    services: ServicesDep,
    caller: CallerDep,
) -> VectorStoreFile:
    """Replace a file's attributes."""
    return await services.vector_store_files.update(caller.project, vector_store_id, file_id, body)


@routes.delete(f"{_FILES}/{{file_id}}")
async def delete_vector_store_file(
    vector_store_id: str, file_id: str, services: ServicesDep, caller: CallerDep
) -> VectorStoreFileDeleted:
    """Remove a file from a vector store. It stays in `/files`."""
    return await services.vector_store_files.delete(caller.project, vector_store_id, file_id)


@routes.get(f"{_FILES}/{{file_id}}/content")
async def retrieve_vector_store_file_content(
    vector_store_id: str, file_id: str, services: ServicesDep, caller: CallerDep
) -> FileContentPage:
    """Retrieve a file's text, in the chunks that are searched."""
    return await services.vector_store_files.content(caller.project, vector_store_id, file_id)


@routes.post(_BATCHES)
async def create_file_batch(
    vector_store_id: str, body: FileBatchCreate, services: ServicesDep, caller: CreatorDep
) -> FileBatch:
    """Attach many files to a vector store; the server processes them in the background."""
    return await services.file_batches.create(caller, vector_store_id, body)


@routes.get(f"{_BATCHES}/{{batch_id}}")
async def retrieve_file_batch(
    vector_store_id: str,
    batch_id: str,
    services: ServicesDep,
    caller: CallerDep,
    response: Response,
) -> FileBatch:
    """Retrieve a batch's status. The header `openai-poll-after-ms` says when to poll again."""
    response.headers["openai-poll-after-ms"] = str(services.poll_after_ms)
    return await services.file_batches.retrieve(caller.project, vector_store_id, batch_id)


@routes.post(f"{_BATCHES}/{{batch_id}}/cancel")
async def cancel_file_batch(
    vector_store_id: str, batch_id: str, services: ServicesDep, caller: CallerDep
) -> FileBatch:
    """Cancel a batch: files that are not yet processed become `cancelled`."""
    return await services.file_batches.cancel(caller.project, vector_store_id, batch_id)


@routes.get(f"{_BATCHES}/{{batch_id}}/files")
async def list_file_batch_files(
    vector_store_id: str,
    batch_id: str,
    page: PageDep,
    services: ServicesDep,
    caller: CallerDep,
    status: StatusFilter = None,
) -> ListPage[VectorStoreFile]:
    """List a batch's files, newest first."""
    return await services.file_batches.list_files(
        caller.project, vector_store_id, batch_id, page, status
    )
