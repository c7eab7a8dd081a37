"""A chat whose process was paused: its task may fail while another process answers."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from app.domain.errors import DatabaseAway
from app.engine.outcome import Outcome
from app.services.chat import ChatService, Turn
from tests.support.rows import run_row


def service(answer: Any) -> ChatService:
    """A chat service that follows a run to its end, and then reads `answer`, or raises it."""

    async def follow(run_id: str, after: int) -> AsyncIterator[list[Any]]:
        yield []

    async def read(*_: Any) -> Outcome:
        if isinstance(answer, Exception):
            raise answer
        found: Outcome = answer
        return found

    database: Any = SimpleNamespace(read=read)
    follower: Any = SimpleNamespace(follow=follow)
    nothing: Any = None
    return ChatService(database, nothing, follower, nothing)


async def failed_turn() -> Turn:
    async def lost() -> Outcome:
        raise DatabaseAway(perhaps_written=True)

    task = asyncio.create_task(lost())
    await asyncio.wait([task])
    return Turn("thread_1", "run_1", task, service(None)._follower.follow("run_1", 0), False)


async def test_the_answer_of_the_process_that_took_it_over_is_returned():
    run = run_row("thread_1", "completed")
    reply = await service(Outcome(run)).end(await failed_turn())
    assert (reply.run_id, reply.thread_id) == (run.id, "thread_1")


async def test_while_the_database_is_away_the_chat_says_so():
    away = DatabaseAway(perhaps_written=False)
    with pytest.raises(DatabaseAway) as caught:
        await service(away).end(await failed_turn())
    assert caught.value is away
