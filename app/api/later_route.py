"""Routes that are built when they are first needed."""

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import compile_path


class LaterRoute(APIRoute):
    """A route that is built for its first request, or for the OpenAPI document.

    To build one, the framework examines its function, and makes validators of all that it takes
    and returns. For all routes at once, that was a third of the server's start.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._build = partial(super().__init__, path, endpoint, **options)
        # By these, requests find their route.
        self.path, self.endpoint = path, endpoint
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.methods = set(options["methods"])
        self.name = options["name"] or endpoint.__name__

    def __getattr__(self, name: str) -> Any:
        """Build the route, for an attribute that it does not have yet."""
        build = self.__dict__.pop("_build", None)
        if build is None:
            raise AttributeError(name)
        build()
        return getattr(self, name)
