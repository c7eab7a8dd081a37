"""`/assistants/{assistant_id}/draft` and `/assistants/{assistant_id}/versions`."""

from typing import Annotated

from fastapi import Path

from app.api.deps import CallerDep, PageDep, ServicesDep
from app.api.routing import CONFLICT, router
from app.schemas.assistants import Assistant
from app.schemas.common import ListPage
from app.schemas.drafts import (
    Draft,
    DraftDeleted,
    DraftWrite,
    ListedVersion,
    Publish,
    Version,
)

routes = router("assistants")

Wanted = Annotated[str, Path(description="The version's number, or its id.")]


@routes.get("/assistants/{assistant_id}/draft")
async def retrieve_assistant_draft(
    assistant_id: str, services: ServicesDep, caller: CallerDep
) -> Draft:
    """Return the draft; without one, what is published, as revision 0."""
    return await services.drafts.retrieve(caller.project, assistant_id)


@routes.put("/assistants/{assistant_id}/draft", responses=CONFLICT)
async def save_assistant_draft(
    assistant_id: str, body: DraftWrite, services: ServicesDep, caller: CallerDep
) -> Draft:
    """Create or replace the draft. The assistant answers as before until it is published."""
    return await services.drafts.save(caller, assistant_id, body)


@routes.delete("/assistants/{assistant_id}/draft")
async def discard_assistant_draft(
    assistant_id: str, services: ServicesDep, caller: CallerDep
) -> DraftDeleted:
    """Delete the draft; what is published stays."""
    return await services.drafts.discard(caller.project, assistant_id)


@routes.post("/assistants/{assistant_id}/publish", responses=CONFLICT)
async def publish_assistant(
    assistant_id: str, services: ServicesDep, caller: CallerDep, body: Publish | None = None
) -> Assistant:
    """Make the draft what the assistant is, and delete the draft.

    Answers 409 with the code `assistant_changed` if the assistant was changed after the draft was
    begun, and with `draft_changed` if the draft has another revision.
    """
    return await services.drafts.publish(caller, assistant_id, body or Publish())


@routes.get("/assistants/{assistant_id}/versions")
async def list_assistant_versions(
    assistant_id: str, page: PageDep, services: ServicesDep, caller: CallerDep
) -> ListPage[ListedVersion]:
    """List what the assistant said and says. The newest 100 versions are kept."""
    return await services.drafts.list_versions(caller.project, assistant_id, page)


@routes.get("/assistants/{assistant_id}/versions/{version}")
async def retrieve_assistant_version(
    assistant_id: str, version: Wanted, services: ServicesDep, caller: CallerDep
) -> Version:
    """Return a version with all its fields."""
    return await services.drafts.version(caller.project, assistant_id, version)


@routes.post("/assistants/{assistant_id}/versions/{version}/restore")
async def restore_assistant_version(
    assistant_id: str, version: Wanted, services: ServicesDep, caller: CallerDep
) -> Assistant:
    """Publish an earlier version again, as a new one. A draft stays as it is."""
    return await services.drafts.restore(caller, assistant_id, version)
