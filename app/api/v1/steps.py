"""`/threads/{thread_id}/runs/{run_id}/steps`."""

from app.api.deps import PageDep, ServicesDep
from app.api.routing import router
from app.api.v1.runs import Include
from app.schemas.common import ListPage
from app.schemas.steps import RunStep

routes = router("steps")


@routes.get("/threads/{thread_id}/runs/{run_id}/steps")
async def list_steps(
    thread_id: str, run_id: str, page: PageDep, services: ServicesDep, include: Include = None
) -> ListPage[RunStep]:
    """List what a run did, the newest step first."""
    return await services.run_reads.list_steps(thread_id, run_id, page)


@routes.get("/threads/{thread_id}/runs/{run_id}/steps/{step_id}")
async def retrieve_step(
    thread_id: str, run_id: str, step_id: str, services: ServicesDep, include: Include = None
) -> RunStep:
    """Retrieve a step."""
    return await services.run_reads.retrieve_step(thread_id, run_id, step_id)
