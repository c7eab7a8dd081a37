"""`/threads`."""

import re
from typing import Annotated

from fastapi import Depends, Query, Request

from app.api.deps import CallerDep, CreatorDep, PageDep, ServicesDep
from app.api.routing import router
from app.db.thread_lists import ThreadFilter
from app.domain.errors import InvalidRequest
from app.schemas.common import MAX_PAIRS, ListPage
from app.schemas.threads import (
    ListedThread,
    Thread,
    ThreadCreate,
    ThreadDeleted,
    ThreadsDeleted,
    ThreadSummary,
    ThreadUpdate,
)

routes = router("threads")

_METADATA = re.compile(r"metadata\[([^\[\]]*)\]")
METADATA_PARAMETER = {
    "parameters": [
        {
            "name": "metadata",
            "in": "query",
            "required": False,
            "style": "deepObject",
            "explode": True,
            "description": "Pairs that the metadata must contain, as `metadata[key]=value`.",
            "schema": {
                "type": "object",
                "propertyNames": {"pattern": r"^[^\[\]]*$"},
                "maxProperties": MAX_PAIRS,
                "additionalProperties": {"type": "string"},
            },
        }
    ]
}
_Time = Annotated[int | None, Query(ge=0, le=2**53, description="Unix time, exclusive.")]


async def _filter(
    request: Request,
    created_after: _Time = None,
    created_before: _Time = None,
    q: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=500,
            description="Words, or beginnings of words, that one message of the thread contains.",
        ),
    ] = None,
    user: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=256,
            description="The `sub` of a signed-in visitor of the public chat.",
        ),
    ] = None,
    visitor_id: Annotated[
        str | None,
        Query(max_length=256, description="Only those of this visitor: a browser's session."),
    ] = None,
) -> ThreadFilter:
    return ThreadFilter(
        _pairs(request), created_after, created_before, words=q, user=user, visitor_id=visitor_id
    )


def _pairs(request: Request) -> tuple[tuple[str, str], ...]:
    """Return the pairs that the metadata must contain. Raises `InvalidRequest`.

    A malformed filter is refused, not ignored: ignoring it could delete more than was asked for.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in request.query_params.multi_items():
        if not name.startswith("metadata"):
            continue
        found = _METADATA.fullmatch(name)
        if found is None or len(pairs) == MAX_PAIRS:
            raise InvalidRequest(
                f"Invalid '{name}': expected up to {MAX_PAIRS} pairs as 'metadata[key]=value'.",
                param=name,
                code="invalid_value",
            )
        pairs.append((found[1], value))
    return tuple(pairs)


FilterDep = Annotated[ThreadFilter, Depends(_filter)]


@routes.post("/threads")
async def create_thread(
    services: ServicesDep, caller: CreatorDep, body: ThreadCreate | None = None
) -> Thread:
    """Create a thread, empty or with its first messages."""
    return await services.threads.create(caller, body or ThreadCreate())


@routes.get("/threads", openapi_extra=METADATA_PARAMETER)
async def list_threads(
    page: PageDep, wanted: FilterDep, services: ServicesDep, caller: CallerDep
) -> ListPage[ListedThread]:
    """List the threads, newest first, each with a preview of its first question."""
    return await services.thread_lists.list(caller, page, wanted)


@routes.delete("/threads", openapi_extra=METADATA_PARAMETER)
async def delete_threads(
    wanted: FilterDep,
    services: ServicesDep,
    caller: CallerDep,
    everything: Annotated[
        bool, Query(alias="all", description="true, with no filters: deletes all threads.")
    ] = False,
) -> ThreadsDeleted:
    """Delete the threads that match the filters, with their content and what only they used.

    `files` and `vector_stores` count what was attached only to these threads and was deleted too.
    """
    return await services.thread_lists.delete(caller, wanted, everything=everything)


@routes.get("/threads/{thread_id}")
async def retrieve_thread(thread_id: str, services: ServicesDep, caller: CallerDep) -> Thread:
    """Retrieve a thread."""
    return await services.threads.retrieve(caller, thread_id)


@routes.get("/threads/{thread_id}/summary")
async def retrieve_thread_summary(
    thread_id: str, services: ServicesDep, caller: CallerDep
) -> ThreadSummary:
    """Retrieve the summary that models read in place of a long thread's older messages.

    Most threads have none, and answer 404.
    """
    return await services.threads.summary(caller, thread_id)


@routes.post("/threads/{thread_id}")
async def update_thread(
    thread_id: str, services: ServicesDep, caller: CallerDep, body: ThreadUpdate | None = None
) -> Thread:
    """Change a thread's metadata or tool resources."""
    return await services.threads.update(caller, thread_id, body or ThreadUpdate())


@routes.delete("/threads/{thread_id}")
async def delete_thread(thread_id: str, services: ServicesDep, caller: CallerDep) -> ThreadDeleted:
    """Delete a thread with its messages, runs, steps, and whatever was attached only to it."""
    return await services.threads.delete(caller, thread_id)
