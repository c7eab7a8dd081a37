"""The paths of Azure's clients, which add them to their endpoint: other beginnings of `/api/v1`.

    AzureOpenAI                 {endpoint}/openai/threads?api-version=…
    the OpenAI SDKs at Azure    {endpoint}/openai/v1/threads
    azure-ai-agents             {endpoint}/api/projects/{project}/threads?api-version=v1

The path is rewritten before anything reads it, so that routes, access, limits, logs and metrics are
those of `/api/v1`. The path that the client sent is still in `raw_path`.
"""

import re

from starlette.types import Scope

API = "/api/v1/"
# Beginnings of paths; what follows is the path below `/api/v1/`. The longest come first.
FRONT_DOORS = ("/openai/v1/", "/openai/", "/api/projects/[^/]+/")

_DOOR = re.compile("|".join(FRONT_DOORS))


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
