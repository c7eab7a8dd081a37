"""Renders every error in OpenAI's envelope, always with all four keys."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from app.api.guarded import rate_limit_headers
from app.api.packed import TOO_LARGE
from app.api.unserved import is_of_openai, no_such_path
from app.api.validation import describe
from app.domain.errors import InvalidRequest, ThreadkeeperError
from app.schemas.common import ErrorBody, ErrorEnvelope

_INTERNAL = ThreadkeeperError("The server had an error while processing your request.")


def register_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(ThreadkeeperError, _on_own)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    # Otherwise the framework would answer in plain text.
    app.add_exception_handler(Exception, _on_fault)


def envelope(error: ThreadkeeperError) -> dict[str, Any]:
    body = ErrorBody(message=error.message, type=error.type, param=error.param, code=error.code)
    return ErrorEnvelope(error=body).model_dump()


def render(error: ThreadkeeperError) -> JSONResponse:
    return JSONResponse(envelope(error), error.status, error.headers)


def _answer(request: Request, error: ThreadkeeperError) -> JSONResponse:
    answer = render(error)
    answer.headers.update(rate_limit_headers(request))
    return answer


async def _on_own(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ThreadkeeperError)
    return _answer(request, error)


async def _on_fault(_request: Request, _error: Exception) -> JSONResponse:
    return render(_INTERNAL)


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _answer(request, describe(error, request.scope.get("route")))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    """Render the framework's own errors: unknown path, method not allowed, body too large."""
    assert isinstance(error, HTTPException)
    called = f"{request.method} {request.url.path}"
    code: str | None = None
    path = request.scope["path"].removeprefix(_prefix(request))
    match error.status_code:
        case 404:
            return _answer(request, no_such_path(request.method, path))
        case 405 if request.method == "POST" and is_of_openai(path):
            # Our own path of this name is another thing, and is only read.
            missing = no_such_path(request.method, path)
            message, code = missing.message, missing.code
        case 405:
            message, code = f"Not allowed to {called}", "method_not_supported"
        case 413:
            return _answer(request, TOO_LARGE)
        case _:
            message = str(error.detail)
    answer = _answer(request, InvalidRequest(message, code=code, status=error.status_code))
    answer.headers.update(error.headers or {})
    if error.status_code == 405:
        answer.headers["allow"] = ", ".join(_allowed(request))
    return answer


def _allowed(request: Request) -> list[str]:
    """Return all methods that the path supports: the framework reports only its first route's."""
    scope = {**request.scope, "root_path": _prefix(request)}
    return [
        method
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
        if any(
            route.matches({**scope, "method": method})[0] is Match.FULL
            # Mounts serve read-only files, though their routes match every method.
            and (method in ("GET", "HEAD") or not isinstance(route, Mount))
            for route in request.app.routes
        )
    ]


def _prefix(request: Request) -> str:
    """Return the proxy's prefix. In a mounted application, `root_path` has the mount's path too."""
    scope = request.scope
    prefix: str = scope.get("app_root_path", scope.get("root_path", ""))
    return prefix
