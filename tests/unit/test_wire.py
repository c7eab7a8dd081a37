"""What a client is sent of a row: all that the object's schema has, and nothing else."""

from dataclasses import fields

import pytest

from app import wire
from app.db import rows
from tests.support.sample_rows import sample_row

OBJECTS = [
    (rows.ASSISTANTS, wire.assistant_object),
    (rows.THREADS, wire.thread_object),
    (rows.MESSAGES, wire.message_object),
    (rows.RUNS, wire.run_object),
    (rows.STEPS, wire.step_object),
]


@pytest.mark.parametrize(("row_map", "made"), OBJECTS)
def test_an_object_says_what_its_row_has(row_map, made):
    row = sample_row(row_map)
    told = made(row)
    names = set(type(told).model_fields) - {"object"}
    # A field that no row has would be told as its default for ever.
    assert names - {field.name for field in fields(row)} == set()
    assert {name: getattr(told, name) for name in names} == {
        name: getattr(row, name) for name in names
    }


def test_what_only_the_server_knows_of_a_run_is_not_sent():
    row = sample_row(rows.RUNS)
    hidden = {field.name for field in fields(row)} - {*wire.run_object(row).model_dump()}
    assert hidden == {
        *("streamed", "horizon", "include_content", "worker_id", "takeovers"),
        *("reserved_tokens", "by_visitor", "project", "request_id"),
    }
