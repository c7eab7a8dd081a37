"""What was attached to a thread alone goes with it; what others use stays."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.core.object_store import ObjectStore
from app.db import resource_uses
from app.db.database import Database
from app.domain.clock import now
from app.services.file_removal import FileRemover
from app.services.retention import Retention
from app.storage.file_writer import FileWriter
from tests.support.pictures import PIXEL
from tests.support.rows import connected
from tests.support.searches import SEARCH
from tests.support.stores import counts, filled, found, settled, uploaded
from tests.support.talk import error_of
from tests.support.waiting import wait_until

SECRET = "The visitor's account number is 4711."


@pytest.fixture
def server(start):
    return start()


@pytest.fixture
def client(server):
    return server.client


@pytest.fixture
def http(server):
    return server.http


def bringing(*file_ids: str) -> dict[str, Any]:
    attachments = [{"file_id": file_id, "tools": [SEARCH]} for file_id in file_ids]
    return {"role": "user", "content": "What does it say?", "attachments": attachments}


def thread_with(client, *file_ids: str, **options: Any) -> str:
    return str(client.beta.threads.create(messages=[bringing(*file_ids)], **options).id)


def own_store(http, thread_id: str) -> str:
    resources = http.get(f"/threads/{thread_id}").json()["tool_resources"]
    (store_id,) = resources["file_search"]["vector_store_ids"]
    return str(store_id)


def is_there(http, path: str) -> bool:
    answer = http.get(path)
    assert answer.status_code in (200, 404), answer.text
    return bool(answer.is_success)


def left(database_url: str) -> dict[str, int]:
    """Return how many rows there are of all that holds a file's content, by table."""
    tables = ("files", "vector_stores", "vector_store_files", "chunks", "resource_uses")
    with connected(database_url) as connection:
        return {
            table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in (*tables, "file_removals")
        }


def bytes_of(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()]


def nothing_left(database_url: str, tmp_path: Path) -> None:
    """Wait until no row, no chunk and no byte of any file is left."""
    wait_until(lambda: not any(left(database_url).values()) and not bytes_of(tmp_path))


def test_a_deleted_thread_takes_its_files_along(http, client, database_url, tmp_path):
    attached = uploaded(client, SECRET)
    picture = client.files.create(file=("a.png", PIXEL), purpose="vision").id
    thread_id = thread_with(client, attached)
    shown = [{"type": "image_file", "image_file": {"file_id": picture}}]
    client.beta.threads.messages.create(thread_id, role="user", content=shown)
    store_id = own_store(http, thread_id)
    assert settled(client, store_id)["completed"] == 1
    assert found(client, store_id, "account number") == [attached]
    client.beta.threads.delete(thread_id)
    # At once, to every reader.
    for path in (f"/files/{attached}", f"/files/{picture}", f"/vector_stores/{store_id}"):
        error_of(http.get(path), 404)
    error_of(http.get(f"/files/{attached}/content"), 404)
    assert not http.get("/files").json()["data"] and not http.get("/vector_stores").json()["data"]
    nothing_left(database_url, tmp_path)


def test_a_file_that_is_still_to_be_read_goes_too(http, client, database_url, tmp_path):
    file_id = uploaded(client, "many words " * 50_000)
    client.beta.threads.delete(thread_with(client, file_id))
    nothing_left(database_url, tmp_path)


def test_files_for_code_and_of_deleted_messages_go_too(http, client, database_url, tmp_path):
    computed, said = uploaded(client, "a,b"), uploaded(client, SECRET)
    thread_id = client.beta.threads.create(
        tool_resources={"code_interpreter": {"file_ids": [computed]}}
    ).id
    message = client.beta.threads.messages.create(thread_id, **bringing(said))
    client.beta.threads.messages.delete(message.id, thread_id=thread_id)
    client.beta.threads.update(thread_id, tool_resources={})
    assert is_there(http, f"/files/{said}")
    client.beta.threads.delete(thread_id)
    nothing_left(database_url, tmp_path)


def test_what_others_use_stays(http, client):
    twice, searched, computed, alone = (uploaded(client, f"{SECRET} {n}") for n in range(4))
    handbook = client.vector_stores.create(name="handbook", file_ids=[searched])
    client.beta.assistants.create(
        model="m",
        tools=[{"type": "code_interpreter"}],
        tool_resources={"code_interpreter": {"file_ids": [computed]}},
    )
    first = thread_with(client, twice, searched, computed, alone)
    second = thread_with(client, twice)
    client.beta.threads.delete(first)
    there = {one for one in (twice, searched, computed, alone) if is_there(http, f"/files/{one}")}
    assert there == {twice, searched, computed}
    assert is_there(http, f"/vector_stores/{own_store(http, second)}")
    client.beta.threads.delete(second)
    assert not is_there(http, f"/files/{twice}")
    assert settled(client, handbook.id) == {"completed": 1, "total": 1}


def test_a_store_of_ones_own_stays_without_what_was_attached(http, client):
    handbook = client.vector_stores.create()
    pages = filled(client, handbook.id, page="opening hours")
    attached = uploaded(client, SECRET)
    resources: Any = {"file_search": {"vector_store_ids": [handbook.id]}}
    thread_id = thread_with(client, attached, pages["page"], tool_resources=resources)
    assert settled(client, handbook.id)["completed"] == 2
    client.beta.threads.delete(thread_id)
    assert found(client, handbook.id, "account number hours") == [pages["page"]]
    assert not is_there(http, f"/files/{attached}")
    wait_until(lambda: counts(client, handbook.id) == {"completed": 1, "total": 1})


def test_a_file_that_was_put_into_ones_own_store_as_well_stays(http, client):
    handbook = client.vector_stores.create()
    attached = uploaded(client, SECRET)
    resources: Any = {"file_search": {"vector_store_ids": [handbook.id]}}
    thread_id = thread_with(client, attached, tool_resources=resources)
    client.vector_stores.files.create(handbook.id, file_id=attached)
    client.beta.threads.delete(thread_id)
    assert settled(client, handbook.id) == {"completed": 1, "total": 1}
    assert is_there(http, f"/files/{attached}")


def test_a_threads_store_that_another_uses_goes_with_the_last(http, client):
    file_id = uploaded(client, SECRET)
    first = thread_with(client, file_id)
    store_id = own_store(http, first)
    second = client.beta.threads.create(
        tool_resources={"file_search": {"vector_store_ids": [store_id]}}
    ).id
    client.beta.threads.delete(first)
    assert settled(client, store_id)["completed"] == 1
    client.beta.threads.delete(second)
    assert not is_there(http, f"/vector_stores/{store_id}")
    assert not is_there(http, f"/files/{file_id}")


def test_many_deleted_at_once_say_what_went_along(http, client, database_url, tmp_path):
    shared = uploaded(client, "for both")
    for user in ("7", "7", "8"):
        thread_with(client, shared, uploaded(client, SECRET), metadata={"user": user})
    answer = http.delete("/threads", params={"metadata[user]": "7"}).json()
    assert {name: answer[name] for name in ("count", "files", "vector_stores")} == {
        "count": 2,
        "files": 2,
        "vector_stores": 2,
    }
    assert is_there(http, f"/files/{shared}")
    answer = http.delete("/threads", params={"all": "true"}).json()
    assert (answer["count"], answer["files"], answer["vector_stores"]) == (1, 2, 1)
    nothing_left(database_url, tmp_path)


def test_another_projects_use_of_an_id_neither_keeps_nor_takes(start, call_as):
    keys = ["own:own-key-0123456789", "other:other-key-0123456789"]
    server = start(api_keys=keys)
    own, other = (call_as(server, f"{name}-key-0123456789") for name in ("own", "other"))
    file_id = uploaded(own.client, SECRET)
    picture: Any = {"type": "image_file", "image_file": {"file_id": file_id}}
    named: Any = [{"role": "user", "content": [picture]}]
    theirs = other.client.beta.threads.create(messages=named).id
    other.client.beta.threads.delete(theirs)
    assert is_there(own.http, f"/files/{file_id}")
    other.client.beta.threads.create(messages=named)
    own.client.beta.threads.delete(thread_with(own.client, file_id))
    assert not is_there(own.http, f"/files/{file_id}")


async def test_retention_takes_them_along_and_a_crash_loses_nothing(
    http, client, database_url, tmp_path
):
    thread_id = thread_with(client, uploaded(client, SECRET))
    settled(client, own_store(http, thread_id))
    with connected(database_url) as connection:
        for table in ("threads", "messages"):
            connection.execute(text(f"UPDATE {table} SET created_at = {now() - 8 * 86_400}"))
    database = Database(database_url, pool_size=1)
    await database.start()
    # As if the process had ended before anything was removed.
    assert await Retention(database, lambda: None, days=7).sweep() == 1
    assert not http.get("/files").json()["data"]
    assert len(bytes_of(tmp_path)) == 1
    writer = FileWriter(database, ObjectStore(str(tmp_path / "files")))
    await FileRemover(database, writer).sweep()
    database.close()
    assert not any(left(database_url).values()) and not bytes_of(tmp_path)


def test_a_file_attached_elsewhere_at_that_moment_is_kept_or_unknown(http, client, together):
    for _ in range(8):
        file_id = uploaded(client, SECRET)
        first = thread_with(client, file_id)
        second = client.beta.threads.create().id

        def call(number: int, gone: str = first, there: str = second, file: str = file_id) -> Any:
            if number:
                return http.post(f"/threads/{there}/messages", json=bringing(file))
            return http.delete(f"/threads/{gone}")

        deleted, said = together(call, 2)
        assert deleted.status_code == 200, deleted.text
        assert said.status_code in (200, 404), said.text
        assert is_there(http, f"/files/{file_id}") == said.is_success


def test_deletion_waits_for_a_message_that_attaches_the_file(
    http, client, database_url, database_kind, aside
):
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer")
    file_id = uploaded(client, SECRET)
    first, second = thread_with(client, file_id), client.beta.threads.create().id
    with connected(database_url) as connection:
        resource_uses.note_thread(connection, second, {file_id})
        deleted = aside(lambda: http.delete(f"/threads/{first}"))
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"

        def is_waited_for() -> bool:
            with connected(database_url) as other:
                return other.execute(text(waiting)).first() is not None

        wait_until(is_waited_for)
    assert deleted.result(30).status_code == 200
    assert is_there(http, f"/files/{file_id}")
