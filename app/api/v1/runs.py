"""`/threads/{thread_id}/runs`, and `/threads/runs`, which makes the thread too."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import PageDep, ServicesDep
from app.api.routing import router
from app.schemas.common import ListPage, MetadataUpdate
from app.schemas.runs import Run, RunCreate, ThreadRunCreate, ToolOutputsSubmit

routes = router("runs")

Include = Annotated[
    list[str] | None,
    Query(alias="include[]", description="Accepted for OpenAI's clients; changes nothing here."),
]


@routes.post("/threads/runs")
async def create_thread_and_run(body: ThreadRunCreate, services: ServicesDep) -> Run:
    """Create a thread and run it at once."""
    return await services.runs.create_with_thread(body)


@routes.post("/threads/{thread_id}/runs")
async def create_run(
    thread_id: str, services: ServicesDep, body: RunCreate | None = None, include: Include = None
) -> Run:
    """Run a thread: the assistant reads it and answers. Without a body: the default assistant."""
    return await services.runs.create(thread_id, body)


@routes.get("/threads/{thread_id}/runs")
async def list_runs(thread_id: str, page: PageDep, services: ServicesDep) -> ListPage[Run]:
    """List a thread's runs, the newest first."""
    return await services.runs.list(thread_id, page)


@routes.get("/threads/{thread_id}/runs/{run_id}")
async def retrieve_run(
    thread_id: str, run_id: str, services: ServicesDep, response: Response
) -> Run:
    """Retrieve a run. `openai-poll-after-ms` tells pollers when to look again."""
    response.headers["openai-poll-after-ms"] = str(services.poll_after_ms)
    return await services.runs.retrieve(thread_id, run_id)


@routes.post("/threads/{thread_id}/runs/{run_id}")
async def update_run(
    thread_id: str, run_id: str, services: ServicesDep, body: MetadataUpdate | None = None
) -> Run:
    """Change a run's metadata."""
    return await services.runs.update(thread_id, run_id, body or MetadataUpdate())


@routes.post("/threads/{thread_id}/runs/{run_id}/cancel")
async def cancel_run(thread_id: str, run_id: str, services: ServicesDep) -> Run:
    """Cancel a run that has not ended: it is `cancelling`, and `cancelled` soon."""
    return await services.runs.cancel(thread_id, run_id)


@routes.post("/threads/{thread_id}/runs/{run_id}/submit_tool_outputs")
async def submit_tool_outputs(
    thread_id: str, run_id: str, body: ToolOutputsSubmit, services: ServicesDep
) -> Run:
    """Answer the function calls of a run that requires action: all of them at once."""
    return await services.runs.submit_tool_outputs(thread_id, run_id, body)
