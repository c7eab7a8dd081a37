"""`file_search`: searches the vector stores of the run's assistant and of its thread."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from app.db import threads, vector_store_files
from app.db.database import Connection, Database
from app.db.rows import RunRow
from app.domain.errors import ThreadkeeperError
from app.engine.tools.file_search.markers import Markers, marker, markers_in
from app.engine.tools.tool import Answer, Call, Draft, Emit, Text, ToolSession, Unstreamed
from app.knowledge.store_search import FoundPassage, StoreSearch
from app.schemas.file_search import stores_in

# OpenAI's defaults: the number of results, and how long (in seconds) to wait until the thread's
# new files are indexed.
_MAX_RESULTS = 20
_WAIT_FOR_FILES = 60.0
_LOOK_EVERY = 0.2

_DESCRIPTION = (
    "Search the files that this conversation may use. Returns passages, each after its marker, "
    "such as 【0:0†name】. Cite a passage by copying its marker exactly after the sentence that it "
    "supports."
)


class _Arguments(BaseModel):
    query: str


class FileSearch:
    """A `Tool`."""

    type = "file_search"

    def __init__(self, database: Database, search: StoreSearch) -> None:
        self._database = database
        self._search = search

    def begin(
        self, run: RunRow, listed: Sequence[dict[str, Any]], calls: Sequence[dict[str, Any]]
    ) -> ToolSession:
        return _Session(self._database, self._search, run, listed[0]["file_search"], calls)


class _Session(ToolSession):
    def __init__(
        self,
        database: Database,
        search: StoreSearch,
        run: RunRow,
        options: dict[str, Any],
        calls: Sequence[dict[str, Any]],
    ) -> None:
        self._database = database
        self._search = search
        self._run = run
        self._options = options
        self._markers = Markers()
        for number, call in enumerate(calls):
            self._markers.add(markers_in(call, number))

    def offers(self) -> list[dict[str, Any]]:
        query = {"type": "string", "description": "What to look for, in the files' language."}
        parameters = {
            "type": "object",
            "properties": {"query": query},
            "required": ["query"],
            "additionalProperties": False,
        }
        return [
            {
                "type": "function",
                "name": FileSearch.type,
                "description": _DESCRIPTION,
                "parameters": parameters,
                "strict": False,
            }
        ]

    def draft(self, _: str) -> Draft:
        return Unstreamed({"type": FileSearch.type, **_details(self._options, [])})

    async def open(self) -> None:
        """Wait until the thread's own files are indexed, but not longer than OpenAI does."""
        deadline = time.monotonic() + _WAIT_FOR_FILES
        # Another process may be indexing them, so this has to poll.
        while await self._database.read(_is_reading, self._run) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY)

    async def answer(self, call: Call, _: Emit) -> Answer:
        try:
            query = _Arguments.model_validate_json(call.arguments or "{}").query
        except ValidationError:
            return self._failed('call it with {"query": "…"}.')
        try:
            found = await self._search.find(
                self._run.project,
                await self._database.read(_stores, self._run),
                [query],
                max_results=self._options.get("max_num_results", _MAX_RESULTS),
                score_threshold=self._options["ranking_options"]["score_threshold"],
            )
        except ThreadkeeperError as error:
            return self._failed(error.message)
        detail = _details(self._options, found)
        self._markers.add(markers_in(detail, call.number))
        return Answer([Text(_output(found, call.number))], detail)

    def marks(self) -> Markers:
        return self._markers

    def _failed(self, reason: str) -> Answer:
        return Answer([Text(f"Error: {reason}")], _details(self._options, []))


def _details(options: dict[str, Any], found: list[FoundPassage]) -> dict[str, Any]:
    ranking = options["ranking_options"]
    shown = {"ranker": ranking["ranker"], "score_threshold": ranking["score_threshold"]}
    return {"file_search": {"ranking_options": shown, "results": [_result(one) for one in found]}}


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


def _stores(connection: Connection, run: RunRow) -> list[str]:
    """Return the stores of the run's assistant and of its thread."""
    return [*dict.fromkeys(stores_in(run.tool_resources) + _thread_stores(connection, run))]


def _thread_stores(connection: Connection, run: RunRow) -> list[str]:
    thread = threads.find(connection, run.thread_id)
    return stores_in(thread.tool_resources) if thread is not None else []


def _is_reading(connection: Connection, run: RunRow) -> bool:
    stores = _thread_stores(connection, run)
    return bool(stores) and vector_store_files.any_waiting(connection, stores)
