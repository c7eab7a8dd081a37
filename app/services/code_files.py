"""Files for code: who may name them, and how a message adds one to its thread."""

from collections.abc import Iterable
from typing import Any

from app.db import files
from app.db.database import Connection
from app.domain.access import Caller
from app.domain.errors import InvalidRequest
from app.schemas.code_interpreter import (
    CODE_INTERPRETER,
    MAX_CODE_FILES,
    code_files_in,
    with_code_files,
)
from app.schemas.tools import ToolResources


def check_code_files(
    connection: Connection, caller: Caller, resources: ToolResources | None
) -> None:
    """Raises `NotFound` if the resources name a file for code that the caller may not read."""
    named = resources.code_interpreter if resources else None
    _check(connection, caller, (named.file_ids if named else None) or [])


def with_more_code_files(
    connection: Connection, caller: Caller, resources: dict[str, Any], more: Iterable[str]
) -> dict[str, Any]:
    """Return a thread's tool resources with more files for code.

    Raises `NotFound` for a file that the caller may not read, and `InvalidRequest` if there would
    be too many.
    """
    before = code_files_in(resources)
    file_ids = [*dict.fromkeys([*before, *more])]
    _check(connection, caller, file_ids[len(dict.fromkeys(before)) :])
    if len(file_ids) > max(MAX_CODE_FILES, len(before)):
        param = f"tool_resources.{CODE_INTERPRETER}.file_ids"
        raise InvalidRequest(
            f"Invalid '{param}': array too long. Expected an array with maximum length "
            f"{MAX_CODE_FILES}, but got an array with length {len(file_ids)} instead. Each file "
            "that a message attaches for code is added to its thread.",
            param=param,
            code="array_above_max_length",
        )
    return with_code_files(resources, file_ids)


def _check(connection: Connection, caller: Caller, file_ids: Iterable[str]) -> None:
    for file_id in file_ids:
        files.retrieve_for(connection, caller, file_id)
