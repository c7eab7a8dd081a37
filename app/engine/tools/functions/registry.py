"""Loads, describes and calls the server's own functions."""

import asyncio
import importlib.util
import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from app.domain.text import storable

logger = logging.getLogger(__name__)

_MAX_OUTPUT = 512_000


class FunctionsError(Exception):
    """A file of functions can't be loaded; the message names it and says why."""


@dataclass(frozen=True)
class ServerFunction:
    """A Python function that the model may call, with its JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]
    function: Callable[..., Any]
    adapter: TypeAdapter[Any]


class FunctionRegistry:
    """Server functions by name. A call never raises: the model gets the error as the output."""

    def __init__(self, functions: Mapping[str, ServerFunction], *, timeout: float) -> None:
        """`timeout`: how long one call may take, in seconds."""
        self._functions = functions
        self._timeout = timeout

    def __contains__(self, name: str) -> bool:
        return name in self._functions

    def __iter__(self) -> Iterator[ServerFunction]:
        return iter(self._functions.values())

    def find(self, name: str) -> ServerFunction | None:
        return self._functions.get(name)

    async def call(self, name: str, arguments: str) -> str:
        """Call a function with the model's JSON arguments and return its output as text.

        Characters that databases reject become U+FFFD, in results and in errors.
        """
        return storable(await self._answer(name, arguments))

    async def _answer(self, name: str, arguments: str) -> str:
        try:
            async with asyncio.timeout(self._timeout):
                return _text(await _invoke(self._functions[name], arguments or "{}"))
        except TimeoutError:
            logger.warning("function %s: no answer within %g s", name, self._timeout)
            return f"Error: {name} did not answer within {self._timeout:g} seconds."
        except ValidationError as error:
            return f"Error: the arguments of {name} are invalid. {_faults(error)}"
        except Exception as error:
            logger.exception("function %s failed", name)
            return f"Error: {type(error).__name__}: {error}"


async def _invoke(server_function: ServerFunction, arguments: str) -> Any:
    call = server_function.adapter.validate_json
    if inspect.iscoroutinefunction(server_function.function):
        return await call(arguments)
    return await asyncio.wrap_future(_in_thread(call, arguments))


def _in_thread(call: Callable[[str], Any], arguments: str) -> Future[Any]:
    """Call a plain function in a thread of its own.

    A thread can't be stopped from outside. One that hangs must not use up a pool or keep the
    process from exiting.
    """
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()

    def work() -> None:
        try:
            future.set_result(call(arguments))
        except Exception as error:  # noqa: BLE001 - the caller that awaits the future gets it
            future.set_exception(error)

    Thread(target=work, name="server function", daemon=True).start()
    return future


def _faults(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
    )


def _text(result: Any) -> str:
    result = storable(result)
    text = result if isinstance(result, str) else to_json(result, fallback=str).decode()
    return text if len(text) <= _MAX_OUTPUT else text[:_MAX_OUTPUT] + "…"


def load_functions(folder: str) -> dict[str, ServerFunction]:
    """Return the public functions of every Python file in `folder`, by name.

    A folder that does not exist counts as empty. Raises `FunctionsError`.
    """
    found: dict[str, ServerFunction] = {}
    for file in sorted(Path(folder).glob("*.py")) if folder else ():
        if file.name.startswith("_"):
            continue
        module = _load(file)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("_") or function.__module__ != module.__name__:
                continue
            if name in found:
                raise FunctionsError(f"{file}: another file already defines a function {name}")
            found[name] = _described(file, name, function)
    return found


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"threadkeeper_functions.{file.stem}", file)
    if spec is None or spec.loader is None:
        raise FunctionsError(f"{file}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise FunctionsError(f"{file}: {type(error).__name__}: {error}") from error
    return module


def _described(file: Path, name: str, function: Callable[..., Any]) -> ServerFunction:
    try:
        # Pydantic accepts a function here and validates its calls; its annotation lists only types.
        adapter: TypeAdapter[Any] = TypeAdapter(cast(Any, function))
        parameters = adapter.json_schema()
    except Exception as error:
        raise FunctionsError(
            f"{file}: {name}: no JSON schema for its signature: {error}"
        ) from error
    if parameters.get("type") != "object":
        raise FunctionsError(f"{file}: {name}: it must be possible to pass parameters by name")
    return ServerFunction(name, inspect.getdoc(function) or "", parameters, function, adapter)
