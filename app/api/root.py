"""`GET /`: where to go from here."""

from fastapi import APIRouter, Request

from app import __version__
from app.schemas.common import WireObject

routes = APIRouter(tags=["health"])


class Welcome(WireObject):
    name: str
    version: str
    docs: str
    openapi: str
    health: str
    chat: str
    chat_page: str


@routes.get("/")
async def welcome(request: Request) -> Welcome:
    """Name, version and links."""
    prefix = request.scope.get("root_path", "")
    return Welcome(
        name="Threadkeeper",
        version=__version__,
        docs=f"{prefix}/docs",
        openapi=f"{prefix}/openapi.json",
        health=f"{prefix}/api/v1/health",
        chat=f"{prefix}/api/v1/chat",
        chat_page=f"{prefix}/chat",
    )
