"""The states of a run: what the wire allows, held by the database."""

from typing import get_args

import pytest

from app.db import runs
from app.domain.errors import StaleRun
from app.domain.run_status import ACTIVE, ALLOWED_FROM, TERMINAL, RunStatus
from app.schemas.runs import LastError
from tests.support.rows import insert_run

STATUSES: tuple[RunStatus, ...] = get_args(RunStatus)

# The run lifecycle as OpenAI documented it: from a status to those that may follow.
LIFECYCLE: dict[RunStatus, set[RunStatus]] = {
    "queued": {"in_progress", "cancelling", "failed", "expired"},
    "in_progress": {
        "requires_action",
        "cancelling",
        "completed",
        "failed",
        "incomplete",
        "expired",
    },
    "requires_action": {"queued", "cancelling", "expired"},
    "cancelling": {"cancelled", "expired"},
}


def test_every_status_is_either_active_or_terminal():
    assert set(STATUSES) == ACTIVE | TERMINAL
    assert not ACTIVE & TERMINAL


def test_the_lifecycle_is_allowed():
    for status, following in LIFECYCLE.items():
        assert all(status in ALLOWED_FROM[to] for to in following), status


def test_nothing_leads_out_of_an_end():
    assert not any(sources & TERMINAL for sources in ALLOWED_FROM.values())


@pytest.mark.parametrize("status", STATUSES)
def test_the_database_allows_only_the_listed_transitions(rows, status):
    for to in STATUSES:
        run = insert_run(rows, status)
        if status in ALLOWED_FROM[to]:
            assert runs.move(rows, run, to).status == to
        else:
            with pytest.raises(StaleRun):
                runs.move(rows, run, to)
            to = status
        found = runs.find(rows, run.id)
        assert found is not None and found.status == to


def test_a_run_moves_in_the_hands_of_its_holder_alone(rows):
    run = insert_run(rows, "queued", worker_id="worker_a")
    with pytest.raises(StaleRun):
        runs.move(rows, run, "in_progress", held_by="worker_b")
    assert runs.move(rows, run, "in_progress", held_by="worker_a").status == "in_progress"


def test_a_move_writes_what_goes_with_it(rows):
    run = insert_run(rows, "in_progress")
    error = LastError(code="server_error", message="It broke.")
    moved = runs.move(rows, run, "failed", failed_at=7, last_error=error, expires_at=None)
    assert moved == runs.find(rows, run.id)
    assert (moved.failed_at, moved.expires_at) == (7, None)
    assert moved.last_error is not None and moved.last_error.message == "It broke."
