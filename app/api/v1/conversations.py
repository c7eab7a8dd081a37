"""`/conversations`: threads as an owner sees them."""

from typing import Annotated

from fastapi import Query

from app.api.deps import CallerDep, PageDep, ServicesDep
from app.api.routing import router
from app.api.v1.threads import METADATA_PARAMETER, FilterDep
from app.db.conversations import ConversationFilter
from app.schemas.common import ListPage
from app.schemas.conversations import Conversation, ConversationRun, Flag
from app.schemas.feedback import Rating

routes = router("conversations")


@routes.get("/conversations", openapi_extra=METADATA_PARAMETER)
async def list_conversations(
    page: PageDep,
    wanted: FilterDep,
    services: ServicesDep,
    caller: CallerDep,
    assistant_id: Annotated[
        str | None, Query(max_length=256, description="Only those that it has answered in.")
    ] = None,
    rating: Annotated[
        Rating | None, Query(description="Only those with an answer that was rated so.")
    ] = None,
    flag: Annotated[
        Flag | None,
        Query(
            description="`nothing_found`: a run's searches found no passage. `failed`: a run "
            "failed, expired or was cut off. `needs_person`: its visitor waits for a person."
        ),
    ] = None,
    visitors: Annotated[
        bool, Query(description="true: only those of visitors, without a key.")
    ] = False,
) -> ListPage[Conversation]:
    """List the project's threads, the newest first, with counts, ratings and what went wrong."""
    found = ConversationFilter(wanted, assistant_id, rating, flag, visitors)
    return await services.conversations.list(caller, page, found)


@routes.get("/conversations/{thread_id}")
async def retrieve_conversation(
    thread_id: str, services: ServicesDep, caller: CallerDep
) -> Conversation:
    """Retrieve one of them. Its messages, runs and steps are those of the thread."""
    return await services.conversations.retrieve(caller, thread_id)


@routes.get("/conversations/{thread_id}/runs")
async def list_conversation_runs(
    thread_id: str, page: PageDep, services: ServicesDep, caller: CallerDep
) -> ListPage[ConversationRun]:
    """List what the runs took and cost, newest first: times, tokens, money."""
    return await services.conversations.runs(caller, thread_id, page)
