"""What a client is sent of a row: all that the object's schema has, and nothing else."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from app import wire
from app.db import file_rows, knowledge_rows, rows
from app.db.file_batches import BatchWithFiles
from app.db.row_map import RowMap
from app.db.vector_stores import StoreWithFiles
from app.schemas.common import WireObject
from tests.support.sample_rows import sample_row

# With the fields that every object of its kind has alike.
OBJECTS: list[tuple[RowMap[Any], Callable[[Any], WireObject], set[str]]] = [
    (rows.ASSISTANTS, wire.assistant_object, {"object"}),
    (rows.THREADS, wire.thread_object, {"object"}),
    (rows.MESSAGES, wire.message_object, {"object"}),
    (rows.RUNS, wire.run_object, {"object"}),
    (rows.STEPS, wire.step_object, {"object"}),
    (file_rows.FILES, wire.file_object, {"object", "status_details"}),
    (knowledge_rows.STORE_FILES, wire.store_file_object, {"object"}),
]


@pytest.mark.parametrize(("row_map", "made", "alike"), OBJECTS)
def test_an_object_says_what_its_row_has(row_map, made, alike):
    row = sample_row(row_map)
    reported = made(row)
    names = set(type(reported).model_fields) - alike
    # A field that no row has would be sent as its default for ever.
    assert names - {field.name for field in fields(row)} == set()
    assert {name: getattr(reported, name) for name in names} == {
        name: getattr(row, name) for name in names
    }


def test_what_only_the_server_knows_of_a_run_is_not_sent():
    row = sample_row(rows.RUNS)
    hidden = {field.name for field in fields(row)} - {*wire.run_object(row).model_dump()}
    assert hidden == {
        *("streamed", "horizon", "include", "question", "worker_id", "takeovers"),
        *("reserved_tokens", "by_visitor", "project", "request_id", "answered_by"),
        *("answered_model", "imported", "allowed", "attempt", "key_id"),
        *("began_ms", "first_text_ms", "ended_ms", "found_nothing"),
    }


def test_a_listed_thread_begins_as_the_thread_does():
    row = sample_row(rows.THREADS)
    listed = wire.listed_thread_object(row, "How do I").model_dump()
    assert listed == {**wire.thread_object(row).model_dump(), "preview": "How do I"}


@pytest.mark.parametrize("kind", [rows.ThreadRow, rows.MessageRow, rows.RunRow, rows.StepRow])
def test_a_row_of_an_event_becomes_its_own_object(kind):
    made = {row_map.kind: made for row_map, made, _ in OBJECTS}
    row = next(sample_row(row_map) for row_map, _, _ in OBJECTS if row_map.kind is kind)
    assert wire.object_of(row) == made[kind](row)


STORE = sample_row(knowledge_rows.VECTOR_STORES)


@pytest.mark.parametrize(
    ("files", "now", "status"),
    [
        ({}, 0, "completed"),
        ({"completed": 2, "failed": 1}, 0, "completed"),
        ({"completed": 2, "in_progress": 1}, 0, "in_progress"),
        ({"in_progress": 1}, STORE.expires_at - 1, "in_progress"),
        ({"in_progress": 1}, STORE.expires_at, "expired"),
    ],
)
def test_a_stores_status_is_that_of_its_files_until_it_expires(files, now, status):
    reported = wire.vector_store_object(StoreWithFiles(STORE, files, 12), now)
    assert (reported.status, reported.usage_bytes) == (status, 12)
    assert reported.file_counts.total == sum(files.values())
    same = set(type(reported).model_fields) - {"object", "usage_bytes", "file_counts", "status"}
    assert {name: getattr(reported, name) for name in same} == {
        name: getattr(STORE, name) for name in same
    }


def test_a_store_without_a_name_has_none():
    store = StoreWithFiles(replace(STORE, name="", expires_at=None), {}, 0)
    reported = wire.vector_store_object(store, 2**40)
    assert (reported.name, reported.status) == (None, "completed")


@pytest.mark.parametrize(
    ("row_status", "files", "status"),
    [
        ("in_progress", {}, "completed"),
        ("in_progress", {"in_progress": 1, "failed": 1}, "in_progress"),
        ("in_progress", {"failed": 2}, "failed"),
        ("in_progress", {"failed": 2, "completed": 1}, "completed"),
        ("cancelled", {"completed": 2}, "cancelled"),
    ],
)
def test_a_batchs_status_is_that_of_its_files_unless_it_was_cancelled(row_status, files, status):
    row = replace(sample_row(knowledge_rows.BATCHES), status=row_status)
    reported = wire.file_batch_object(BatchWithFiles(row, files))
    assert (reported.status, reported.file_counts.total) == (status, sum(files.values()))
    assert (reported.id, reported.created_at) == (row.id, row.created_at)
    assert reported.vector_store_id == row.vector_store_id
