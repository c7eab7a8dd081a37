"""Routes that are built when they are first needed."""

from collections.abc import Callable
from threading import RLock
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import compile_path


class LaterRoute(APIRoute):
    """A route that is built for its first request, or for the OpenAPI document.

    To build one, the framework examines its function, and makes validators of all that it takes
    and returns. For all routes at once, that was a third of the server's start. The event loop and
    the thread that makes the document may need the same route at once.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        def build(route: LaterRoute) -> None:
            APIRoute.__init__(route, path, endpoint, **options)

        self._build = build
        self._lock = RLock()
        # By these, requests find their route.
        self.path, self.endpoint = path, endpoint
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.methods = set(options["methods"])
        self.name = options["name"] or endpoint.__name__

    def __getattr__(self, name: str) -> Any:
        """Build the route, for an attribute that it does not have yet."""
        if lock := self.__dict__.get("_lock"):
            with lock:
                if "_build" in self.__dict__:
                    self._become_built()
        # Another thread may have built it since the attribute was found missing.
        if name in self.__dict__:
            return self.__dict__[name]
        raise AttributeError(name)

    def _become_built(self) -> None:
        built = type(self).__new__(type(self))
        self._build(built)
        # All attributes at once: no other thread sees a part of them.
        self.__dict__ = built.__dict__
