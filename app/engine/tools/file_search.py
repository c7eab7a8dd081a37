"""`file_search`: the model asks, the vector stores of the run and its thread answer."""

import asyncio
import time
from typing import Any

from pydantic import BaseModel, ValidationError

from app.db import threads, vector_store_files
from app.db.database import Connection, Database
from app.db.runs import StoredRun
from app.domain.errors import ThreadkeeperError
from app.engine.tools.built_in import ToolAnswer
from app.engine.tools.citations import marker
from app.knowledge.store_search import FoundPassage, StoreSearch

# OpenAI's defaults: so many results, and of the thread's new files so long a wait (in seconds).
_MAX_RESULTS = 20
_WAIT_FOR_FILES = 60.0
_LOOK_EVERY = 0.2

_DESCRIPTION = (
    "Search the files that this conversation may use. Returns passages, each behind its marker "
    "such as 【0:0†name】. Cite a passage by writing its marker, exactly as it stands, behind the "
    "sentence that it supports."
)


class _Arguments(BaseModel):
    query: str


class FileSearch:
    """A `BuiltInTool`."""

    type = "file_search"

    def __init__(self, database: Database, search: StoreSearch) -> None:
        self._database = database
        self._search = search

    def function(self) -> dict[str, Any]:
        query = {"type": "string", "description": "What to look for, in the files' language."}
        return {
            "description": _DESCRIPTION,
            "parameters": {
                "type": "object",
                "properties": {"query": query},
                "required": ["query"],
                "additionalProperties": False,
            },
        }

    def opened(self, run: StoredRun) -> dict[str, Any]:
        return _details(_options(run), [])

    async def prepare(self, run: StoredRun) -> None:
        """Wait for the thread's own files to be read, for a while."""
        deadline = time.monotonic() + _WAIT_FOR_FILES
        # Another process may be the one that reads them: nothing here could tell when it is done.
        while await self._database.read(_is_reading, run) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY)

    async def call(self, run: StoredRun, arguments: str, number: int) -> ToolAnswer:
        options = _options(run)
        try:
            query = _Arguments.model_validate_json(arguments or "{}").query
        except ValidationError:
            return ToolAnswer('Error: call it with {"query": "…"}.', _details(options, []))
        try:
            found = await self._search.find(
                run.project,
                await self._database.read(_stores, run),
                [query],
                max_results=options.get("max_num_results", _MAX_RESULTS),
                score_threshold=options["ranking_options"]["score_threshold"],
            )
        except ThreadkeeperError as error:
            return ToolAnswer(f"Error: {error.message}", _details(options, []))
        return ToolAnswer(_output(found, number), _details(options, found))


def _options(run: StoredRun) -> dict[str, Any]:
    tool = next(tool for tool in run.tools if tool["type"] == "file_search")
    options: dict[str, Any] = tool["file_search"]
    return options


def _details(options: dict[str, Any], found: list[FoundPassage]) -> dict[str, Any]:
    ranking = options["ranking_options"]
    told = {"ranker": ranking["ranker"], "score_threshold": ranking["score_threshold"]}
    return {"file_search": {"ranking_options": told, "results": [_result(one) for one in found]}}


def _result(found: FoundPassage) -> dict[str, Any]:
    return {
        "file_id": found.file_id,
        "file_name": found.filename,
        "score": found.score,
        "attributes": found.attributes,
        "content": [{"type": "text", "text": found.text}],
    }


def _output(found: list[FoundPassage], number: int) -> str:
    if not found:
        return "Nothing was found."
    passages = (
        f"{marker(number, place, one.filename)}\n{one.text}" for place, one in enumerate(found)
    )
    return "\n\n".join(passages)


def _stores(connection: Connection, run: StoredRun) -> list[str]:
    """Return the stores of the run's assistant and of its thread."""
    return [*dict.fromkeys(_ids(run.tool_resources) + _thread_stores(connection, run))]


def _thread_stores(connection: Connection, run: StoredRun) -> list[str]:
    thread = threads.find(connection, run.thread_id)
    return _ids(thread.tool_resources) if thread is not None else []


def _is_reading(connection: Connection, run: StoredRun) -> bool:
    stores = _thread_stores(connection, run)
    return bool(stores) and vector_store_files.any_waiting(connection, stores)


def _ids(resources: dict[str, Any]) -> list[str]:
    ids: list[str] = (resources.get("file_search") or {}).get("vector_store_ids") or []
    return ids
