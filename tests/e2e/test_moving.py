"""An import that is killed in the middle and repeated doubles nothing and loses nothing."""

from collections.abc import Iterator

import httpx

from tests.support.databases import fresh_database, postgresql_is_up
from tests.support.moving import exported, fill, imported, lines_of
from tests.support.server import forked_server
from tests.support.stores import settled
from tests.support.waiting import wait_until

THREADS, MESSAGES = 20, 150


def conversations() -> Iterator[bytes]:
    for number in range(THREADS):
        thread_id = f"thread_{number}"
        yield lines_of(
            {
                "id": thread_id,
                "object": "thread",
                "created_at": 1700000000,
                "metadata": {},
                "tool_resources": {},
            }
        )
        for place in range(MESSAGES):
            yield lines_of(message(f"msg_{number}_{place}", thread_id, f"메시지 {place}"))


def message(message_id: str, thread_id: str, text: str) -> dict:
    return {
        "id": message_id,
        "object": "thread.message",
        "created_at": 1700000000,
        "assistant_id": None,
        "thread_id": thread_id,
        "run_id": None,
        "role": "user",
        "content": [{"type": "text", "text": {"value": text, "annotations": []}}],
        "attachments": [],
        "metadata": {},
        "status": "completed",
        "incomplete_details": None,
        "completed_at": None,
        "incomplete_at": None,
    }


def test_an_import_that_is_killed_can_be_repeated(database_kind, tmp_path):
    whole = b"".join(conversations())
    with fresh_database(database_kind, tmp_path) as url:
        environment = {"DATABASE_URL": url, "FILES_URL": str(tmp_path / "files")}
        with forked_server(tmp_path, **environment) as first:

            def cut_short() -> Iterator[bytes]:
                yield whole[: len(whole) // 2]
                with httpx.Client(base_url=f"{first.base_url}/api/v1") as other:
                    wait_until(lambda: other.get("/threads/thread_3").is_success)
                first.kill()
                yield whole[len(whole) // 2 :]

            try:
                httpx.post(f"{first.base_url}/api/v1/import", content=cut_short(), timeout=60)
            except httpx.TransportError:
                pass
            else:
                raise AssertionError("the server answered though it was killed")
        with forked_server(tmp_path, **environment) as second:
            report = imported(second.http, whole)
            assert report["refused"] == 0
            assert report["existing"]["thread.message"] > 0
            total = report["existing"]["thread.message"] + report["created"]["thread.message"]
            assert total == THREADS * MESSAGES
            assert exported(second.http) == whole


def test_from_sqlite_to_postgresql(database_kind, start, upstream, tmp_path):
    """And from PostgreSQL to SQLite."""
    other = "postgresql" if database_kind == "sqlite" else "sqlite"
    if other == "postgresql" and not postgresql_is_up():
        return
    source = start()
    fill(source, upstream)
    folder = tmp_path / "other"
    folder.mkdir()
    with fresh_database(other, folder) as url:
        target = start(database_url=url, files_url=str(folder / "files"))
        lines = exported(source.http, content=True)
        assert imported(target.http, lines)["refused"] == 0
        for store in target.client.vector_stores.list():
            settled(target.client, store.id)
        assert exported(target.http, content=True) == lines
        target.stop()
