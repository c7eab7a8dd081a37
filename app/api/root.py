"""`GET /`: where to go from here."""

from fastapi import APIRouter

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


@routes.get("/")
async def welcome() -> Welcome:
    """Name, version and links."""
    return Welcome(
        name="Threadkeeper",
        version=__version__,
        docs="/docs",
        openapi="/openapi.json",
        health="/api/v1/health",
        chat="/api/v1/chat",
    )
