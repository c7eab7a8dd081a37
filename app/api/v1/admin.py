"""`/admin`: projects, keys and origins, for the holder of `ADMIN_KEY`."""

from app.api.deps import PageDep, ServicesDep
from app.api.routing import admin_router
from app.schemas.admin import (
    KeyCreate,
    KeyUpdate,
    NewProjectKey,
    Origin,
    OriginCreate,
    OriginDeleted,
    Project,
    ProjectCreate,
    ProjectKey,
    ProjectKeyDeleted,
    ProjectUpdate,
)
from app.schemas.common import ListPage

routes = admin_router("admin")


@routes.get("/admin/projects")
async def list_projects(services: ServicesDep) -> ListPage[Project]:
    """List all projects: those of the settings, then the others in the order of their creation."""
    return await services.admin_projects.list_all()


@routes.post("/admin/projects")
async def create_project(body: ProjectCreate, services: ServicesDep) -> Project:
    """Create a project. It needs a key before anybody can use it."""
    return await services.admin_projects.create(body)


@routes.get("/admin/projects/{project}")
async def retrieve_project(project: str, services: ServicesDep) -> Project:
    """Retrieve a project by its name."""
    return await services.admin_projects.retrieve(project)


@routes.post("/admin/projects/{project}")
async def update_project(project: str, body: ProjectUpdate, services: ServicesDep) -> Project:
    """Change a project's limits, or restore it after it was archived."""
    return await services.admin_projects.update(project, body)


@routes.delete("/admin/projects/{project}")
async def archive_project(project: str, services: ServicesDep) -> Project:
    """Archive a project: its keys are refused from now on, and its data is kept."""
    return await services.admin_projects.archive(project)


@routes.get("/admin/projects/{project}/keys")
async def list_project_keys(
    project: str, page: PageDep, services: ServicesDep
) -> ListPage[ProjectKey]:
    """List a project's keys that were made here, newest first; revoked ones are included."""
    return await services.admin_keys.list_of(project, page)


@routes.post("/admin/projects/{project}/keys")
async def create_project_key(project: str, body: KeyCreate, services: ServicesDep) -> NewProjectKey:
    """Make a key. Its `value` is only in this answer: the server stores its SHA-256."""
    return await services.admin_keys.create(project, body)


@routes.get("/admin/keys/{key_id}")
async def retrieve_project_key(key_id: str, services: ServicesDep) -> ProjectKey:
    """Retrieve a key without its value."""
    return await services.admin_keys.retrieve(key_id)


@routes.post("/admin/keys/{key_id}")
async def update_project_key(key_id: str, body: KeyUpdate, services: ServicesDep) -> ProjectKey:
    """Rename, limit or revoke a key. All servers of the database refuse it within two seconds."""
    return await services.admin_keys.update(key_id, body)


@routes.delete("/admin/keys/{key_id}")
async def delete_project_key(key_id: str, services: ServicesDep) -> ProjectKeyDeleted:
    """Revoke a key and remove it from the list."""
    return await services.admin_keys.delete(key_id)


@routes.get("/admin/origins")
async def list_origins(services: ServicesDep) -> ListPage[Origin]:
    """List the origins whose pages may call the server: those of CORS_ORIGINS, then the others."""
    return await services.admin_origins.list_all()


@routes.post("/admin/origins")
async def create_origin(body: OriginCreate, services: ServicesDep) -> Origin:
    """Let the pages of an origin call the server, without a restart."""
    return await services.admin_origins.add(body)


@routes.delete("/admin/origins/{origin_id:path}")
async def delete_origin(origin_id: str, services: ServicesDep) -> OriginDeleted:
    """Remove an origin that was added here."""
    return await services.admin_origins.delete(origin_id)
