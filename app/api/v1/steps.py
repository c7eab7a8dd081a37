"""`/threads/{thread_id}/runs/{run_id}/steps`."""

from app.api.deps import CallerDep, ContentDep, PageDep, ServicesDep
from app.api.routing import router
from app.schemas.common import ListPage
from app.schemas.steps import RunStep

routes = router("steps")


@routes.get("/threads/{thread_id}/runs/{run_id}/steps")
async def list_steps(
    thread_id: str,
    run_id: str,
    page: PageDep,
    services: ServicesDep,
    caller: CallerDep,
    with_content: ContentDep,
) -> ListPage[RunStep]:
    """List what a run did, the newest step first."""
    return await services.run_reads.list_steps(
        caller, thread_id, run_id, page, with_content=with_content
    )


@routes.get("/threads/{thread_id}/runs/{run_id}/steps/{step_id}")
async def retrieve_step(
    thread_id: str,
    run_id: str,
    step_id: str,
    services: ServicesDep,
    caller: CallerDep,
    with_content: ContentDep,
) -> RunStep:
    """Retrieve a step."""
    return await services.run_reads.retrieve_step(
        caller, thread_id, run_id, step_id, with_content=with_content
    )
