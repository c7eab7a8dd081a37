"""Long work is divided: also if a few rows are as long as thousands of others."""

import pytest
from sqlalchemy import text

from app.db import message_index, removed_threads, slices, thread_lists
from benchmarks.large_data import LONG_THREAD, Amount, fill
from tests.support.rows import connected


@pytest.mark.parametrize(
    ("lengths", "taken"),
    [
        ([], []),
        ([1, 1, 1], [0, 1, 2]),
        ([60_000, 40_000, 1], [0, 1]),
        ([60_000, 240_000, 1], [0]),
        ([240_000, 1], [0]),
    ],
)
def test_a_step_takes_few_long_rows(lengths, taken):
    assert slices.together([*enumerate(lengths)]) == taken


def test_long_messages_are_indexed_and_removed_one_by_one(database_url, monkeypatch):
    monkeypatch.setattr(slices, "_SECONDS", 0.0)
    monkeypatch.setattr(slices, "_CHARACTERS", 1)
    fill(database_url, Amount(threads=0, long=1))
    with connected(database_url) as connection:

        def count(table: str) -> int:
            return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0

        row = connection.execute(text("SELECT * FROM messages")).mappings().one()
        names = [name for name in row if name not in ("sequence", "id")]
        copy = text(
            f"INSERT INTO messages (id, {', '.join(names)}) "
            f"SELECT :id, {', '.join(names)} FROM messages LIMIT 1"
        )
        connection.execute(copy, [{"id": f"msg_{number}"} for number in range(3)])
        left = []
        while message_index.catch_up(connection):
            left.append(count("message_index_queue"))
        assert left == [3, 2, 1]
        removed_threads.remove(connection, thread_lists.hold(connection, [LONG_THREAD]))
        left = [count("messages")]
        while removed_threads.drop_some(connection):
            left.append(count("messages"))
        assert left == [3, 2, 1, 0]
        assert count("threads") == count("message_index") == 0
