"""A repeat while its first attempt is being executed, or that comes before it."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app.db import assistants, repeats
from app.domain.access import Caller
from app.domain.attempt import Attempt
from app.schemas.assistants import AssistantCreate
from app.services.assistants import new_assistant
from tests.support.rows import connected
from tests.support.waiting import WAIT_SECONDS

BODY = AssistantCreate(model="m", name="The same.")


def sent(number: int, *, seconds_ago: float = 0.0) -> Caller:
    """Return the caller of an attempt at a request."""
    arrived = time.monotonic() - seconds_ago
    return Caller(attempt=Attempt("c" * 32, "d" * 32, number, None, arrived))


def create(connection, caller: Caller) -> str:
    made = replace(new_assistant(caller.project, BODY), attempt=caller.mark)
    return assistants.create(connection, made).id


def earlier(connection, caller: Caller) -> str | None:
    return repeats.earlier(connection, caller, repeats.ASSISTANTS, caller.project)


def test_a_repeat_waits_for_an_attempt_that_is_not_committed(database_kind, database_url):
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer")

    def repeat() -> str | None:
        with connected(database_url) as connection:
            return earlier(connection, sent(1))

    with ThreadPoolExecutor() as executor:
        with connected(database_url) as first:
            made = create(first, sent(0))
            found = executor.submit(repeat)
            with pytest.raises(TimeoutError):
                found.result(0.3)
        assert found.result(WAIT_SECONDS) == made


def test_equal_first_attempts_do_not_wait_for_each_other(database_kind, database_url):
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer")
    with connected(database_url) as first, connected(database_url) as second:
        assert create(first, sent(0)) != create(second, sent(0))


def test_an_attempt_that_comes_after_its_repeat_finds_what_that_created(rows):
    made = create(rows, sent(1))
    assert earlier(rows, sent(0)) is None, "a quick first attempt has no repeat yet"
    assert earlier(rows, sent(0, seconds_ago=1)) == made


def test_a_late_first_attempt_is_not_taken_for_another(rows):
    create(rows, sent(0))
    assert earlier(rows, sent(0, seconds_ago=1)) is None


def test_a_row_without_a_mark_is_nobodys(rows):
    assistants.create(rows, new_assistant("default", BODY))
    assert earlier(rows, sent(1)) is None


def test_the_mark_is_stored_as_it_was_given(rows):
    made = create(rows, sent(3))
    assert assistants.retrieve(rows, "default", made).attempt == f"{'d' * 32}:3"
