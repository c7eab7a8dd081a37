"""`/threads/{thread_id}/runs/{run_id}/steps`."""

from app.api.deps import CallerDep, IncludeDep, PageDep, ServicesDep
from app.api.routing import router
from app.api.visitors import step_for
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
    include: IncludeDep,
) -> ListPage[RunStep]:
    """List a run's steps, newest first."""
    steps = await services.run_reads.list_steps(caller, thread_id, run_id, page, include=include)
    return steps.model_copy(update={"data": [step_for(caller, step) for step in steps.data]})


@routes.get("/threads/{thread_id}/runs/{run_id}/steps/{step_id}")
async def retrieve_step(
    thread_id: str,
    run_id: str,
    step_id: str,
    services: ServicesDep,
    caller: CallerDep,
    include: IncludeDep,
) -> RunStep:
    """Retrieve a step."""
    step = await services.run_reads.retrieve_step(
        caller, thread_id, run_id, step_id, include=include
    )
    return step_for(caller, step)
