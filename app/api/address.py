"""Cleans up a request's path and query before anything reads them.

Azure's clients add other beginnings of `/api/v1` to their endpoint:

    AzureOpenAI                 {endpoint}/openai/threads?api-version=…
    the OpenAI SDKs at Azure    {endpoint}/openai/v1/threads
    azure-ai-agents             {endpoint}/api/projects/{project}/threads?api-version=v1

These paths are rewritten, so that routes, access, limits, logs and metrics are those of `/api/v1`.
The path that the client sent is still in `raw_path`. A proxy may also publish the server under a
prefix, such as `/openai-api`.
"""

import re

from starlette.types import Scope

API = "/api/v1/"
# Beginnings of paths; what follows is the path below `/api/v1/`. The longest come first.
FRONT_DOORS = ("/openai/v1/", "/openai/", "/api/projects/[^/]+/")

_DOOR = re.compile("|".join(FRONT_DOORS))

_REPLACED = "\ufffd"
_REPLACED_IN_QUERY = b"%EF%BF%BD"
# Metadata filters of threads: an empty value is a valid filter.
_MAY_BE_EMPTY = (b"metadata[", b"metadata%5B", b"metadata%5b")


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


def enter(scope: Scope) -> None:
    """Rewrite the path of a request that came through one of the doors.

    `put_under` comes before: the path begins with the root path.
    """
    if scope["type"] != "http":
        return
    root, path = scope.get("root_path", ""), scope["path"]
    # Before the pattern, since nearly every request ends here.
    if path.startswith(API, len(root)):
        return
    door = _DOOR.match(path, len(root))
    if door is not None:
        scope["path"] = f"{root}{API}{path[door.end() :]}"


def put_right(scope: Scope) -> None:
    """Replace NUL with U+FFFD, as in bodies, and drop the empty query parameters of a GET.

    Forms and no-code tools send `after=` and `limit=` for "not given". Other methods keep them:
    dropping an empty filter from a DELETE would delete more than was asked for.
    """
    if "\0" in scope["path"]:
        scope["path"] = scope["path"].replace("\0", _REPLACED)
    query: bytes = scope["query_string"]
    if not query:
        return
    if b"%00" in query:
        query = query.replace(b"%00", _REPLACED_IN_QUERY)
    if scope["method"] == "GET":
        query = b"&".join(pair for pair in query.split(b"&") if _is_given(pair))
    scope["query_string"] = query


def _is_given(pair: bytes) -> bool:
    _, _, value = pair.partition(b"=")
    return bool(value) or pair.startswith(_MAY_BE_EMPTY)
