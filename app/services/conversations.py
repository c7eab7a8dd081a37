"""Conversations as an owner sees them."""

from collections import Counter
from collections.abc import Awaitable, Callable

from app.db import conversations, runs, steps, threads
from app.db.conversations import ConversationFilter
from app.db.database import Connection, Database
from app.db.paging import Page
from app.db.rows import RunRow, StepRow
from app.domain.access import Caller
from app.domain.deadline import Deadline
from app.engine.tally import PER_UNIT
from app.schemas.common import ListPage
from app.schemas.conversations import (
    Conversation,
    ConversationRun,
    LastMessage,
    RatingCounts,
)

# A page's runs with their steps, and whether there are more.
_Runs = tuple[list[tuple[RunRow, list[StepRow]]], bool]


class ConversationService:
    def __init__(
        self,
        database: Database,
        catch_up: Callable[[], Awaitable[None]],
        *,
        search_seconds: float,
    ) -> None:
        """`catch_up` indexes the messages that a search could not find yet.

        `search_seconds`: how long the database may take for one page.
        """
        self._database = database
        self._catch_up = catch_up
        self._search_seconds = search_seconds

    async def list(
        self, caller: Caller, page: Page, wanted: ConversationFilter
    ) -> ListPage[Conversation]:
        """List the project's conversations, newest first. Raises `SearchTimeout`."""
        if wanted.threads.words is not None:
            await self._catch_up()
        data, has_more = await self._database.search(
            Deadline(self._search_seconds),
            conversations.list_page,
            caller.project,
            page,
            wanted,
        )
        return ListPage[Conversation].of([_object(one) for one in data], has_more=has_more)

    async def retrieve(self, caller: Caller, thread_id: str) -> Conversation:
        return _object(await self._database.read(_one, caller, thread_id))

    async def runs(self, caller: Caller, thread_id: str, page: Page) -> ListPage[ConversationRun]:
        """List what a conversation's runs took and cost."""
        data, has_more = await self._database.read(_runs, caller, thread_id, page)
        return ListPage[ConversationRun].of([_run(*one) for one in data], has_more=has_more)


def _one(connection: Connection, caller: Caller, thread_id: str) -> conversations.Conversation:
    thread = threads.retrieve(connection, caller, thread_id)
    return conversations.with_facts(connection, [thread])[0]


def _runs(connection: Connection, caller: Caller, thread_id: str, page: Page) -> _Runs:
    threads.retrieve(connection, caller, thread_id)
    found, has_more = runs.list_page(connection, thread_id, page)
    return [(run, steps.of_run(connection, run.id)) for run in found], has_more


def _object(one: conversations.Conversation) -> Conversation:
    thread, facts = one.thread, one.facts
    last = LastMessage(role=facts.last_role, preview=facts.last_preview) if facts.last_at else None
    return Conversation(
        id=thread.id,
        created_at=thread.created_at,
        last_activity_at=facts.last_at or thread.created_at,
        metadata=thread.metadata,
        visitor_id=thread.session_id,
        preview=facts.preview,
        last_message=last,
        messages=facts.messages,
        answers=facts.answers,
        assistant_ids=facts.assistant_ids,
        ratings=RatingCounts(up=facts.ratings.get("up", 0), down=facts.ratings.get("down", 0)),
        flags=sorted(facts.flags),
    )


def _run(run: RunRow, of_run: list[StepRow]) -> ConversationRun:
    costs: Counter[str] = Counter()
    for step in of_run:
        if step.answered is not None and step.answered.currency:
            costs[step.answered.currency] += step.answered.cost
    return ConversationRun(
        id=run.id,
        created_at=run.created_at,
        assistant_id=run.assistant_id,
        status=run.status,
        model=run.model,
        answered_by=run.answered_by,
        answered_model=run.answered_model,
        first_text_seconds=_seconds(run.began_ms, run.first_text_ms),
        seconds=_seconds(run.began_ms, run.ended_ms),
        prompt_tokens=run.usage.prompt_tokens if run.usage else 0,
        completion_tokens=run.usage.completion_tokens if run.usage else 0,
        costs={currency: cost / PER_UNIT for currency, cost in sorted(costs.items())},
        found_nothing=run.found_nothing,
    )


def _seconds(begin: int | None, end: int | None) -> float | None:
    # A clock may have been set back meanwhile.
    return None if begin is None or end is None else max(0, end - begin) / 1000
