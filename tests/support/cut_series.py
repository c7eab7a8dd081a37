"""Sends many requests whose answers are cut, and counts what they have created."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import openai

from tests.support.repeated_kinds import Before, Kind, Made
from tests.support.rows import connected

T = TypeVar("T")
_SECONDS = 120.0


@dataclass
class Series:
    """How many requests were sent, and how many objects there are for them.

    `failures` are errors that the SDK has raised. `incomplete`: answers that lack something.
    """

    sent: int
    created: int
    distinct: int
    incomplete: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def doubled(self) -> int:
        return max(0, self.created - self.sent)

    @property
    def lost(self) -> int:
        """Requests without an object of their own."""
        return self.sent - self.distinct


async def series(
    kind: Kind, database_url: str, direct: str, cut: str, count: int, *, at_once: int = 32
) -> Series:
    """Send `count` requests to `cut`, and what they need beforehand to `direct`; both are base
    URLs."""
    async with sdk(direct) as undisturbed, sdk(cut) as client:
        before = await all_of((kind.prepare(undisturbed) for _ in range(count)), at_once)
        names = [f"request {number} of {id(before)}" for number in range(count)]
        counted = counted_rows(kind, database_url)
        made = await all_of(
            (
                _made(kind.create, client, each, name)
                for each, name in zip(before, names, strict=True)
            ),
            at_once,
        )
    answers = [one for one in made if isinstance(one, Made)]
    return Series(
        count,
        counted_rows(kind, database_url) - counted,
        len(
            {
                (one.id, str(each))
                for one, each in zip(made, before, strict=True)
                if isinstance(one, Made)
            }
        ),
        sum(not one.complete for one in answers),
        [one for one in made if isinstance(one, str)],
    )


def sdk(base_url: str, **options: Any) -> openai.AsyncOpenAI:
    """Return OpenAI's client as it is delivered: it sends a request up to three times."""
    return openai.AsyncOpenAI(
        api_key="sk-of-a-test", base_url=f"{base_url}/api/v1", timeout=_SECONDS, **options
    )


async def all_of(work: Iterable[Awaitable[T]], at_once: int) -> list[T]:
    """Return the results in their order; `at_once` are awaited at a time."""
    places = asyncio.Semaphore(at_once)

    async def one(each: Awaitable[T]) -> T:
        async with places:
            return await each

    return await asyncio.gather(*map(one, work))


async def _made(
    create: Callable[[openai.AsyncOpenAI, Before, str], Awaitable[Made]],
    client: openai.AsyncOpenAI,
    before: Before,
    name: str,
) -> Made | str:
    try:
        return await create(client, before, name)
    except openai.OpenAIError as error:
        return repr(error)


def counted_rows(kind: Kind, database_url: str) -> int:
    """Return how many rows there are of what the requests create."""
    with connected(database_url) as connection:
        return kind.count(connection)
