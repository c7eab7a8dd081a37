"""`/threads/{thread_id}/runs`, and `/threads/runs`, which also creates the thread."""

from typing import Annotated, Any

from fastapi import Header, Response

from app.api.deps import CallerDep, CreatorDep, IncludeDep, PageDep, Services, ServicesDep
from app.api.retiring import retirement_headers
from app.api.routing import EVENT_STREAM, router
from app.api.sse import EventStream, numbered, plain, run_events
from app.api.visitors import encode_for_visitor, run_for
from app.domain.access import Caller
from app.schemas.common import ListPage, MetadataUpdate
from app.schemas.runs import Run, RunCreate, ThreadRunCreate, ToolOutputsSubmit
from app.services.runs import StreamedRun

routes = router("runs")

EventId = Annotated[
    int,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=2**63 - 1,
        description="The id of the last event that the client received.",
    ),
]
PollHelper = Annotated[
    bool,
    Header(
        alias="X-Stainless-Poll-Helper",
        description="Sent by the SDKs' poll helpers: the response waits for the next status.",
    ),
]


@routes.post("/threads/runs", response_model=Run, responses=EVENT_STREAM)
async def create_thread_and_run(
    body: ThreadRunCreate, services: ServicesDep, caller: CreatorDep, response: Response
) -> Any:
    """Create a thread and a run on it; with `stream`, get the run's events as they happen."""
    if body.stream:
        started = await services.runs.create_with_thread_streamed(caller, body)
        return _events(services, caller, started)
    run = await services.runs.create_with_thread(caller, body)
    return _announced(services, caller, response, run)


@routes.post("/threads/{thread_id}/runs", response_model=Run, responses=EVENT_STREAM)
async def create_run(
    thread_id: str,
    services: ServicesDep,
    caller: CreatorDep,
    include: IncludeDep,
    response: Response,
    body: RunCreate | None = None,
) -> Any:
    """Create a run: an assistant (the default one if there is no body) answers on the thread."""
    if body is not None and body.stream:
        started = await services.runs.create_streamed(caller, thread_id, body, include=include)
        return _events(services, caller, started)
    run = await services.runs.create(caller, thread_id, body, include=include)
    return _announced(services, caller, response, run)


@routes.get("/threads/{thread_id}/runs")
async def list_runs(
    thread_id: str, page: PageDep, services: ServicesDep, caller: CallerDep
) -> ListPage[Run]:
    """List a thread's runs, newest first."""
    runs = await services.run_reads.list(caller, thread_id, page)
    return runs.model_copy(update={"data": [run_for(caller, run) for run in runs.data]})


@routes.get("/threads/{thread_id}/runs/{run_id}")
async def retrieve_run(
    thread_id: str,
    run_id: str,
    services: ServicesDep,
    caller: CallerDep,
    response: Response,
    poll_helper: PollHelper = False,
) -> Run:
    """Retrieve a run. The header `openai-poll-after-ms` says when to poll again."""
    waits = poll_helper and services.run_reads.waits_for_changes
    # A client that waits here need not also wait between its requests.
    response.headers["openai-poll-after-ms"] = str(1 if waits else services.poll_after_ms)
    read = services.run_reads.await_change if waits else services.run_reads.retrieve
    run = await read(caller, thread_id, run_id)
    return run_for(caller, _announced(services, caller, response, run))


@routes.get(
    "/threads/{thread_id}/runs/{run_id}/events",
    # For the OpenAPI document: the framework can't read it from the response class.
    status_code=200,
    response_class=EventStream,
    responses=EVENT_STREAM,
)
async def follow_run(
    thread_id: str,
    run_id: str,
    services: ServicesDep,
    caller: CallerDep,
    last_event_id: EventId = 0,
) -> EventStream:
    """Follow a run: stream the events after `Last-Event-ID`, then new ones, until the run ends."""
    frames = await services.run_reads.follow(caller, thread_id, run_id, last_event_id)
    return EventStream(run_events(frames, encode_for_visitor if caller.session else numbered))


@routes.post("/threads/{thread_id}/runs/{run_id}")
async def update_run(
    thread_id: str,
    run_id: str,
    services: ServicesDep,
    caller: CallerDep,
    response: Response,
    body: MetadataUpdate | None = None,
) -> Run:
    """Change a run's metadata."""
    run = await services.runs.update(caller, thread_id, run_id, body or MetadataUpdate())
    return _announced(services, caller, response, run)


@routes.post("/threads/{thread_id}/runs/{run_id}/cancel")
async def cancel_run(
    thread_id: str, run_id: str, services: ServicesDep, caller: CreatorDep, response: Response
) -> Run:
    """Cancel a run that has not ended: it becomes `cancelling`, and `cancelled` soon after."""
    run = await services.runs.cancel(caller, thread_id, run_id)
    return run_for(caller, _announced(services, caller, response, run))


@routes.post(
    "/threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
    response_model=Run,
    responses=EVENT_STREAM,
)
async def submit_tool_outputs(
    thread_id: str,
    run_id: str,
    body: ToolOutputsSubmit,
    services: ServicesDep,
    caller: CreatorDep,
    response: Response,
) -> Any:
    """Submit the outputs of all function calls of a run that requires action, in one request."""
    if body.stream:
        started = await services.runs.submit_tool_outputs_streamed(caller, thread_id, run_id, body)
        return _events(services, caller, started)
    run = await services.runs.submit_tool_outputs(caller, thread_id, run_id, body)
    return _announced(services, caller, response, run)


def _announced(services: Services, caller: Caller, response: Response, run: Run) -> Run:
    """Add the headers about the shutdown of the run's model."""
    response.headers.update(retirement_headers(services, caller, run.model))
    return run


def _events(services: Services, caller: Caller, started: StreamedRun) -> EventStream:
    headers = retirement_headers(services, caller, started.model)
    return EventStream(run_events(started.frames, plain), headers)
