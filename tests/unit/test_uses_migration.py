"""What the uses of files and stores are said to be in a database of the time before them."""

import json
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from app.db.migrations import runner
from app.db.resource_uses import Taken, take_along
from tests.support.rows import connected

MOMENT = 1_700_000_000
WEEK = json.dumps({"anchor": "last_active_at", "days": 7})


def migrate(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(runner.__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def insert(connection: Connection, table: str, **values: Any) -> None:
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


def fill(connection: Connection) -> None:
    """Insert rows as the version before wrote them."""
    for file_id in ("attached", "shown", "shared", "other"):
        insert(
            connection,
            "files",
            id=f"file-{file_id}",
            created_at=MOMENT,
            filename="a.txt",
            purpose="assistants",
            bytes=1,
            status="processed",
            project="another" if file_id == "other" else "default",
        )
    for store_id, name, expires, made in (
        ("vs_own", "", WEEK, MOMENT + 60),
        ("vs_named", "handbook", WEEK, MOMENT + 60),
        ("vs_lasting", None, None, MOMENT + 60),
        ("vs_earlier", None, WEEK, MOMENT - 1000),
    ):
        insert(
            connection,
            "vector_stores",
            id=store_id,
            created_at=made,
            name=name,
            expires_after=expires,
            last_active_at=MOMENT,
            metadata="{}",
        )
    stores = ["vs_own", "vs_named", "vs_lasting", "vs_earlier", "vs_gone"]
    insert(
        connection,
        "threads",
        id="thread_old",
        created_at=MOMENT,
        metadata="{}",
        tool_resources=json.dumps({"file_search": {"vector_store_ids": stores}}),
    )
    insert(
        connection,
        "assistants",
        id="asst_old",
        created_at=MOMENT,
        model="m",
        tools="[]",
        tool_resources=json.dumps({"code_interpreter": {"file_ids": ["file-shared"]}}),
        metadata="{}",
        response_format='"auto"',
    )
    brought = [{"file_id": f"file-{name}", "tools": []} for name in ("attached", "shared", "other")]
    picture = [{"type": "image_file", "image_file": {"file_id": "file-shown"}}]
    for number, (attachments, content) in enumerate(((brought, []), ([], picture), ([], []))):
        insert(
            connection,
            "messages",
            id=f"msg_{number}",
            thread_id="thread_old",
            created_at=MOMENT + 60,
            role="user",
            content=json.dumps(content),
            attachments=json.dumps(attachments),
            metadata="{}",
            status="completed",
        )


def test_what_was_attached_before_goes_with_its_thread(empty_database_url):
    with connected(empty_database_url) as connection:
        migrate(connection, "0006")
        fill(connection)
        migrate(connection, "head")
        uses = connection.execute(text("SELECT used_by, resource_id FROM resource_uses")).all()
        assert {key for user, key in uses if user == "asst_old"} == {"file-shared"}
        assert {key for user, key in uses if user == "thread_old"} == {
            *("vs_own", "vs_named", "vs_lasting", "vs_earlier"),
            *("file-attached", "file-shared", "file-shown"),
        }
        assert take_along(connection, ["thread_old"]) == Taken(files=2, stores=1)
        stores = connection.execute(text("SELECT id FROM vector_stores WHERE project = 'default'"))
        assert set(stores.scalars()) == {"vs_named", "vs_lasting", "vs_earlier"}
