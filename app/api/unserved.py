"""What a request is told that no route takes: whether it is OpenAI's, and what there is instead."""

from app.domain.errors import InvalidRequest

_VERSION = "/api/v1"
# First segments of OpenAI's paths that this server doesn't have, and what comes nearest here.
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


def no_such_path(method: str, path: str) -> InvalidRequest:
    """Return the 404 for a path that no route has; `path` is without a proxy's prefix."""
    called = f"{method} {path}"
    versioned = path.partition("/v1/")[2] or path.lstrip("/")
    for known, nearest in _OF_OPENAI.items():
        if versioned == known or versioned.startswith(f"{known}/"):
            instead = f" Nearest to it: {nearest}." if nearest else ""
            return InvalidRequest(
                f"'/{known}' is not served here ({called}): this server speaks the Assistants API."
                f"{instead} All that it serves is listed at /docs.",
                code="not_served",
                status=404,
            )
    hint = "" if path.startswith(f"{_VERSION}/") else f". The API's paths begin with {_VERSION}."
    return InvalidRequest(f"Invalid URL ({called}){hint}", status=404)
