"""`GET /metrics`: the application's metrics, for Prometheus."""

import asyncio
import math
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Request, Response

from app.api.deps import ServicesDep
from app.api.routing import router
from app.core.metrics import Metrics
from app.db.database import Database
from app.db.run_queue import count_if_up

routes = router("metrics", prefix="")

# Prometheus gives a scrape ten seconds by default: an unreachable database must not use them up.
_COUNT_SECONDS = 2.0

_EXAMPLE = """\
# HELP threadkeeper_runs_ended_total Runs that ended in this process, by final status.
# TYPE threadkeeper_runs_ended_total counter
threadkeeper_runs_ended_total{status="completed"} 128.0
threadkeeper_runs_ended_total{status="failed"} 2.0
"""
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": _EXAMPLE}}}
}


class MetricsText(Response):
    """Metrics as text; Prometheus asks for the format it prefers."""

    media_type = "text/plain"


async def _metrics(request: Request) -> Metrics:
    return cast(Metrics, request.app.state.instruments.metrics)


@routes.get("/metrics", response_class=MetricsText, responses=_TEXT)
async def read_metrics(
    metrics: Annotated[Metrics, Depends(_metrics)],
    services: ServicesDep,
    accept: Annotated[str, Header(description="The formats the client accepts.")] = "",
) -> MetricsText:
    """Read the metrics of the process that answers, in Prometheus' format."""
    metrics.database_jobs_queued(services.database.waiting)
    metrics.runs.queued.set(await _queued(services.database))
    # On a thread: rendering takes a few milliseconds, which would block other requests.
    content, content_type = await asyncio.to_thread(metrics.exposition, accept)
    return MetricsText(content, headers={"content-type": content_type})


async def _queued(database: Database) -> float:
    try:
        async with asyncio.timeout(_COUNT_SECONDS):
            return await count_if_up(database)
    except TimeoutError:
        return math.nan
