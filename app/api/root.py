"""`GET /`: links to everything else, as JSON for programs and as a page for browsers."""

from fastapi import Request, Response

from app import __version__
from app.api.pages import welcome_page
from app.api.routing import plain_router
from app.schemas.common import WireObject

routes = plain_router("health", prefix="")


class Welcome(WireObject):
    name: str
    version: str
    docs: str
    openapi: str
    health: str
    chat: str
    chat_page: str
    console: str


@routes.get("/", response_model=Welcome)
async def welcome(request: Request, response: Response) -> Welcome | Response:
    """Return name, version and links; browsers get them as a page."""
    if _prefers_html(request.headers.get("accept", "")):
        return await welcome_page(request)
    prefix = request.scope.get("root_path", "")
    response.headers["vary"] = "accept"
    return Welcome(
        name="Threadkeeper",
        version=__version__,
        docs=f"{prefix}/docs",
        openapi=f"{prefix}/openapi.json",
        health=f"{prefix}/api/v1/health",
        chat=f"{prefix}/api/v1/chat",
        chat_page=f"{prefix}/chat",
        console=f"{prefix}/console",
    )


def _prefers_html(accept: str) -> bool:
    """Return whether the client prefers HTML to JSON; JSON is the default."""
    return _weight(accept, "text/html") > _weight(accept, "application/json")


def _weight(accept: str, kind: str) -> float:
    """Return the quality value of a media type that is listed by name, from 0 to 1."""
    for entry in accept.lower().split(","):
        name, _, parameters = entry.partition(";")
        if name.strip() == kind:
            _, _, quality = parameters.replace(" ", "").partition("q=")
            try:
                return float(quality.partition(";")[0] or 1)
            except ValueError:
                return 0.0
    return 0.0
