"""Wire objects for the tool `code_interpreter`: the files that its code may read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from app.schemas.common import RequestBody

CODE_INTERPRETER: Literal["code_interpreter"] = "code_interpreter"
# OpenAI's limit for each assistant, thread and run.
MAX_CODE_FILES = 20


class CodeInterpreterTool(RequestBody):
    type: Literal["code_interpreter"]


class CodeInterpreterResources(RequestBody):
    file_ids: list[str] | None = Field(default=None, max_length=MAX_CODE_FILES)


class CodeInterpreterChoice(RequestBody):
    type: Literal["code_interpreter"]


def code_files_in(resources: Mapping[str, Any]) -> list[str]:
    """Return the ids of the files for code in tool resources."""
    ids: list[str] = (resources.get(CODE_INTERPRETER) or {}).get("file_ids") or []
    return ids


def with_code_files(resources: Mapping[str, Any], file_ids: Sequence[str]) -> dict[str, Any]:
    """Return tool resources with these files for code."""
    return {**resources, CODE_INTERPRETER: {"file_ids": [*file_ids]}}


def runs_code(types: Iterable[str]) -> bool:
    """Return whether `code_interpreter` is one of these tool types."""
    return CODE_INTERPRETER in types


def shown_resources(
    resources: Mapping[str, Any], tools: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return tool resources as OpenAI shows them: its files, or `[]`, wherever the tool is listed.

    `tools` are those of the assistant or run; a thread has none.
    """
    named = CODE_INTERPRETER in resources
    if named or runs_code(tool["type"] for tool in tools):
        return with_code_files(resources, code_files_in(resources))
    return {**resources}
