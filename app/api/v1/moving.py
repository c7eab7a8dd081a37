"""`/export` and `/import`: everything that a project owns, as lines of JSON."""

import json
import sys
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from app.api.deps import CallerDep, ServicesDep
from app.api.example_objects import MESSAGE, THREAD
from app.api.lines import imported_lines
from app.api.routing import router
from app.schemas.moving import ImportReport

routes = router("moving")

NDJSON = "application/x-ndjson"
_TEXT = {"type": "string", "description": "One JSON object per line."}
_EXAMPLE = "".join(
    json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in (THREAD, MESSAGE)
)
_LINES: dict[int | str, dict[str, Any]] = {
    200: {"content": {NDJSON: {"schema": _TEXT, "example": _EXAMPLE}}}
}
_BODY: dict[str, Any] = {
    "requestBody": {
        # Nothing can be imported, too.
        "required": False,
        "content": {
            NDJSON: {"schema": _TEXT, "examples": {"A thread": {"value": _EXAMPLE}}},
        },
    }
}


@routes.get("/export", response_class=StreamingResponse, responses=_LINES)
async def export_data(
    services: ServicesDep,
    caller: CallerDep,
    content: Annotated[
        bool, Query(alias="bytes", description="true: also the files' content, in Base64.")
    ] = False,
) -> StreamingResponse:
    """Export all objects of the project, one per line, in an order that can be imported.

    Files come first, then vector stores, assistants, and threads with their messages, runs and
    steps. Each object is as the API returns it; `threadkeeper` is added where it owns more.
    """
    lines = await services.exports.begin(caller.project, with_content=content)
    headers = {"content-disposition": 'attachment; filename="threadkeeper-export.ndjson"'}
    return StreamingResponse(lines, 200, headers, NDJSON)


@routes.post(
    "/import",
    openapi_extra=_BODY,
    # Each line is limited, not their number.
    max_body_size=sys.maxsize,
)
async def import_data(
    request: Request,
    services: ServicesDep,
    caller: CallerDep,
    dry_run: Annotated[
        bool, Query(description="true: report what would be imported, and change nothing.")
    ] = False,
) -> ImportReport:
    """Import objects, one per line, with their ids, times and order.

    What exists is left alone, unless an earlier import created it and nobody has changed it since.
    A line that can't be imported is reported, and the import continues.
    """
    return await services.imports.run(caller, imported_lines(request), dry_run=dry_run)
