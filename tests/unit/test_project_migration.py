"""What a database of the time before projects becomes."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from app.db import message_index, thread_lists
from app.db.database import Database
from app.db.migrations import runner
from app.db.paging import Page
from app.db.thread_lists import ThreadFilter
from app.domain.access import Caller
from tests.support.rows import connected

CONFIGURED = "asst_of_the_file"
DIGEST = hashlib.sha256(CONFIGURED.encode()).hexdigest()[:32]
LEFT = "asst_that_left_the_file"
LEFT_DIGEST = hashlib.sha256(LEFT.encode()).hexdigest()[:32]
PROJECTS = {
    ("assistants", "asst_default"): "*",
    ("assistants", CONFIGURED): "*",
    ("assistants", LEFT): "default",
    ("assistants", "asst_of_the_api"): "default",
    ("files", "file-known"): "*",
    ("files", "file-left"): "default",
    ("files", "file-own"): "default",
    ("vector_stores", f"vs_{DIGEST}"): "*",
    ("vector_stores", f"vs_{LEFT_DIGEST}"): "default",
    ("vector_stores", "vs_own"): "default",
    ("threads", "thread_old"): "default",
    ("runs", "run_old"): "default",
}


def migrate(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(runner.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def insert(connection: Connection, table: str, **values: object) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    statement = text(f"INSERT INTO {table} ({names}) VALUES ({marks})")
    connection.execute(statement, values)


def fill(connection: Connection) -> None:
    """Insert rows as the version before wrote them."""
    moment = {"created_at": 1_700_000_000}
    for assistant_id in ("asst_default", CONFIGURED, LEFT, "asst_of_the_api"):
        insert(
            connection,
            "assistants",
            id=assistant_id,
            configured=assistant_id in ("asst_default", CONFIGURED),
            model="m",
            tools="[]",
            tool_resources="{}",
            metadata="{}",
            response_format='"auto"',
            **moment,
        )
    for assistant_id, file_id in ((CONFIGURED, "file-known"), (LEFT, "file-left")):
        kept = {"knowledge/a.md": {"digest": "d", "file_id": file_id}}
        insert(
            connection,
            "written_assistants",
            assistant_id=assistant_id,
            content_hash="h",
            knowledge=json.dumps(kept),
        )
    for file_id in ("file-known", "file-left", "file-own"):
        insert(
            connection,
            "files",
            id=file_id,
            filename="a.md",
            purpose="assistants",
            bytes=1,
            status="processed",
            **moment,
        )
    for store_id in (f"vs_{DIGEST}", f"vs_{LEFT_DIGEST}", "vs_own"):
        insert(connection, "vector_stores", id=store_id, last_active_at=1, metadata="{}", **moment)
    insert(
        connection, "threads", id="thread_old", metadata='{"k": "v"}', tool_resources="{}", **moment
    )
    say(connection, "msg_said", "Where is the 매장 playlist?", "completed")
    say(connection, "msg_half", "incomplete words", "incomplete")
    say(connection, "msg_open", "unfinished words", "in_progress")
    insert(
        connection,
        "runs",
        id="run_old",
        thread_id="thread_old",
        assistant_id=CONFIGURED,
        status="completed",
        model="m",
        settings="{}",
        metadata="{}",
        streamed=True,
        include_content=False,
        **moment,
    )


def say(connection: Connection, message_id: str, words: str, status: str) -> None:
    part = {"type": "text", "text": {"value": words, "annotations": []}}
    insert(
        connection,
        "messages",
        id=message_id,
        thread_id="thread_old",
        created_at=1_700_000_000,
        role="user",
        content=json.dumps([part]),
        attachments="[]",
        metadata="{}",
        status=status,
    )


@pytest.fixture
def connection(empty_database_url):
    with connected(empty_database_url) as connection:
        migrate(connection, "0004")
        fill(connection)
        yield connection


def projects(connection: Connection) -> dict[tuple[str, str], str]:
    return {
        (table, row.id): row.project
        for table in {table for table, _ in PROJECTS}
        for row in connection.execute(text(f"SELECT id, project FROM {table}"))
    }


def found(connection: Connection, words: str) -> list[str]:
    while message_index.newest_waiting(connection):
        message_index.catch_up(connection)
    wanted = ThreadFilter(words=words)
    listed, _ = thread_lists.list_page(connection, Caller(), Page(), wanted)
    return [one.thread.id for one in listed]


def test_what_is_configured_is_everybodys_and_all_else_the_default_projects(connection):
    migrate(connection, "head")
    assert projects(connection) == PROJECTS
    sessions = connection.execute(text("SELECT session_id FROM threads")).scalars().all()
    assert sessions == [None]


def test_messages_that_were_there_are_found(connection):
    migrate(connection, "head")
    for words in ("playlist", "매장", "incomplete"):
        assert found(connection, words) == ["thread_old"], words
    assert found(connection, "unfinished") == []
    say(connection, "msg_new", "brand new words", "completed")
    assert found(connection, "brand") == ["thread_old"]
    connection.execute(text("UPDATE messages SET status = 'completed' WHERE id = 'msg_open'"))
    assert found(connection, "unfinished") == ["thread_old"]
    connection.execute(text("DELETE FROM messages WHERE id = 'msg_said'"))
    assert found(connection, "playlist") == []


def test_a_server_of_now_starts_on_it(empty_database_url):
    with connected(empty_database_url) as connection:
        migrate(connection, "0004")
        fill(connection)

    async def start() -> list[str]:
        database = Database(empty_database_url, pool_size=1)
        await database.start()
        listed, _ = await database.read(
            thread_lists.list_page, Caller(), Page(), ThreadFilter(metadata=(("k", "v"),))
        )
        database.close()
        return [thread.preview or "" for thread in listed]

    assert asyncio.run(start()) == ["Where is the 매장 playlist?"]
