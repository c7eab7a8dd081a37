"""Ratings that pages kept in metadata, and runs that ended before, on both databases."""

import json

from sqlalchemy import text

from tests.support.rows import connected
from tests.unit.test_uses_migration import insert, migrate


def test_earlier_ratings_and_ends_are_kept(empty_database_url):
    with connected(empty_database_url) as connection:
        migrate(connection, "0014")
        insert(
            connection,
            "threads",
            id="thread_a",
            created_at=5,
            metadata="{}",
            tool_resources="{}",
            project="shop",
            session_id="session_a",
        )
        for id, role, rating in (
            ("m1", "assistant", "down"),
            ("m2", "assistant", "x"),
            ("m3", "user", "up"),
        ):
            insert(
                connection,
                "messages",
                id=id,
                thread_id="thread_a",
                created_at=7,
                role=role,
                content="[]",
                attachments="[]",
                metadata=json.dumps({"rating": rating, "other": "kept"}),
                status="completed",
            )
        for id, status, times in (
            ("r1", "completed", {"completed_at": 9, "expires_at": 700}),
            ("r2", "expired", {"expires_at": 70}),
            ("r3", "incomplete", {"started_at": 8, "expires_at": 700}),
            ("r4", "queued", {"expires_at": 700}),
        ):
            insert(
                connection,
                "runs",
                id=id,
                thread_id="thread_a",
                assistant_id="asst_a",
                created_at=6,
                status=status,
                model="m",
                settings="{}",
                metadata="{}",
                streamed=False,
                project="shop",
                **times,
            )
        migrate(connection, "head")
        rated = text("SELECT id, thread_id, created_at, project, session_id, rating FROM feedback")
        assert [tuple(row) for row in connection.execute(rated)] == [
            ("m1", "thread_a", 7, "shop", "session_a", "down")
        ]
        ends = connection.execute(text("SELECT id, ended_ms, began_ms FROM runs ORDER BY id")).all()
        assert [tuple(row) for row in ends] == [
            ("r1", 9000, None),
            ("r2", 70_000, None),
            ("r3", 8000, None),
            ("r4", None, None),
        ]
