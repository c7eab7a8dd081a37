"""The 404 for unknown paths: recognises OpenAI's other endpoints and suggests alternatives."""

from app.domain.errors import InvalidRequest

_VERSION = "/api/v1"
# The beginnings of OpenAI's paths that this server lacks, and the closest paths that it has.
_OF_OPENAI = {
    "audio": "",
    "batches": "",
    "chatkit": "",
    "chat/completions": f"{_VERSION}/chat, {_VERSION}/threads/runs",
    "completions": f"{_VERSION}/chat, {_VERSION}/threads/runs",
    "containers": "",
    "conversations": f"{_VERSION}/threads",
    "edits": "",
    "embeddings": f"{_VERSION}/vector_stores",
    "engines": f"{_VERSION}/models",
    "evals": "",
    "fine-tunes": "",
    "fine_tuning": "",
    "images": "",
    "moderations": "",
    "organization": f"{_VERSION}/usage",
    "projects": "",
    "realtime": "",
    "responses": f"{_VERSION}/chat, {_VERSION}/threads/runs",
    "uploads": f"{_VERSION}/files",
    "videos": "",
}


def is_of_openai(path: str) -> bool:
    """Return whether OpenAI has an endpoint at this path that this server lacks."""
    return _known(path) is not None


def _known(path: str) -> str | None:
    versioned = path.partition("/v1/")[2] or path.lstrip("/")
    for known in _OF_OPENAI:
        if versioned == known or versioned.startswith(f"{known}/"):
            return known
    return None


def no_such_path(method: str, path: str) -> InvalidRequest:
    """Return the 404 for a path without a route; `path` excludes a proxy's prefix."""
    called = f"{method} {path}"
    known = _known(path)
    if known is not None:
        nearest = _OF_OPENAI[known]
        instead = f" Closest alternative: {nearest}." if nearest else ""
        return InvalidRequest(
            f"'/{known}' is not available here ({called}): this server offers the Assistants "
            f"API.{instead} See /docs for all paths.",
            code="not_served",
            status=404,
        )
    hint = "" if path.startswith(f"{_VERSION}/") else f". The API's paths begin with {_VERSION}."
    return InvalidRequest(f"Invalid URL ({called}){hint}", status=404)
