"""The path prefix under which a proxy publishes the server, such as `/openai-api`."""

from starlette.types import Scope


def put_under(root_path: str, scope: Scope) -> None:
    """Make the request's path begin with the prefix exactly once, as ASGI's `root_path` requires.

    Some proxies strip the prefix and some don't; after this, both look the same.
    """
    if not root_path or scope["type"] not in ("http", "websocket"):
        return
    scope["root_path"] = root_path
    path = scope["path"]
    if path != root_path and not path.startswith(root_path + "/"):
        scope["path"] = root_path + path
        if scope.get("raw_path") is not None:
            scope["raw_path"] = root_path.encode("ascii") + scope["raw_path"]
