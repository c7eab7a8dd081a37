"""Routes that are built once, for all applications of a test process.

The framework builds every route anew for each application that includes its router: a quarter of
a second of CPU, which was most of what a test with a server of its own cost.
"""

from typing import Any

import fastapi.routing

_Context = fastapi.routing._EffectiveRouteContext
_build = _Context.from_api_route


def share_routes() -> None:
    """From now on, applications that include a router in the same way share its routes."""
    _Context.from_api_route = _shared  # type: ignore[method-assign]


def _shared(*, original_route: fastapi.routing.APIRoute, include_context: Any) -> _Context:
    built: dict[object, _Context] = original_route.__dict__.setdefault("_shared", {})
    key = (
        include_context.prefix,
        include_context.max_body_size,
        include_context.include_in_schema,
        *map(id, include_context.dependencies),
    )
    if key not in built:
        built[key] = _build(original_route=original_route, include_context=include_context)
    return built[key]
