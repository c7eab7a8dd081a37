"""The doctor and what the server leans on: database, storage, model, Redis, port."""

import asyncio
import shutil
import socket
import subprocess
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.db import access
from app.db.access_rows import KeyRow, ProjectRow
from app.db.database import Database
from tests.support.fake_upstream import FakeUpstream
from tests.support.model_server import model_server
from tests.support.rows import connected
from tests.support.server import thread_server
from tests.support.terminal import examine, other_server, run
from tests.support.waiting import wait_until

MODELS = {"object": "list", "data": [{"id": "gpt-5.4-mini"}, {"id": "embed"}]}
Usage = namedtuple("Usage", "total used free")

pytestmark = pytest.mark.usefixtures("empty_folder")


@pytest.fixture
def empty_folder(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


async def test_a_sqlite_file_is_looked_at_without_a_trace(tmp_path):
    url = f"sqlite:///{tmp_path}/own.db"
    database = Database(url, pool_size=1)
    await database.start()
    # While a server has it open, and after.
    open_still = await asyncio.to_thread(examine, DATABASE_URL=url)
    assert "up to date" in open_still["database"]["message"]
    database.close()
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    closed = await asyncio.to_thread(examine, DATABASE_URL=url)
    assert "up to date" in closed["database"]["message"]
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("revision", "level", "said"),
    [
        ("0001", "ok", "The next start migrates the schema from 0001 to "),
        ("9999", "failure", "The schema 9999 is from a newer version"),
    ],
)
def test_schemas_of_other_versions_are_reported(database_url, revision, level, said):
    with connected(database_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": revision})
    found = examine(DATABASE_URL=database_url)["database"]
    assert (found["level"], said in found["message"]) == (level, True)
    with connected(database_url) as connection:
        now = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert now == revision


def test_an_empty_database_is_fine_and_another_programs_is_not(empty_database_url):
    with connected(empty_database_url) as connection:
        connection.execute(text("SELECT 1"))
    assert examine(DATABASE_URL=empty_database_url)["database"]["level"] == "ok"
    with connected(empty_database_url) as connection:
        connection.execute(text("CREATE TABLE theirs (id INTEGER)"))
    found = examine(DATABASE_URL=empty_database_url)["database"]
    assert (found["level"], "another program" in found["message"]) == ("warning", True)


def test_keys_that_were_made_at_run_time_are_counted(rows, database_url):
    access.create_project(rows, ProjectRow(id="cafe", created_at=1))
    for name, revoked_at in (("a", None), ("b", None), ("c", 2)):
        key = KeyRow(
            id=name,
            project="cafe",
            identity=name,
            name=name,
            digest=name,
            hint=name,
            scope="all",
            created_at=1,
            revoked_at=revoked_at,
        )
        access.create_key(rows, key)
    rows.commit()
    for admin_key, level in (("", "warning"), ("k" * 24, "ok")):
        found = examine(DATABASE_URL=database_url, ADMIN_KEY=admin_key)["keys"]
        assert (found["level"], found["message"].endswith(": 2.")) == (level, True)


def test_a_file_that_is_no_database_is_reported(tmp_path):
    (tmp_path / "own.db").write_text("나는 데이터베이스가 아닙니다" * 100, "utf-8")
    found = examine(DATABASE_URL=f"sqlite:///{tmp_path}/own.db")["database"]
    assert found["level"] == "failure"
    assert "file is not a database" in found["message"]


def test_an_unreachable_database_is_reported_without_its_password():
    url = "postgresql://me:own-secret@127.0.0.1:1/db"
    result = run("doctor", "--language", "ko", PORT="0", DATABASE_URL=url)
    assert result.exit_code == 1
    assert "데이터베이스를 쓸 수 없습니다: connection failed" in result.stdout
    assert "own-secret" not in result.output


def test_unwritable_places_are_reported(tmp_path):
    (tmp_path / "file").write_text("no folder")
    found = examine(DATABASE_URL=f"sqlite:///{tmp_path}/file/own.db", FILES_URL="file/files")
    assert "can't be written" in found["database"]["message"]
    assert found["storage"]["level"] == "failure"
    assert "FILES_URL" in found["storage"]["advice"]


def test_storage_is_tried_and_left_as_it_was(tmp_path):
    (tmp_path / "kept").mkdir()
    assert examine(FILES_URL="kept")["storage"]["level"] == "ok"
    assert [*(tmp_path / "kept").iterdir()] == []
    assert examine(FILES_URL=f"file://{tmp_path}/made/for/it")["storage"]["level"] == "ok"
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(("free", "level"), [(500, "warning"), (50, "failure")])
def test_a_full_disk_is_reported(monkeypatch, free, level):
    usage = Usage(10**12, 0, free * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    found = examine()
    assert {found[check]["level"] for check in ("database_room", "storage_room")} == {level}
    assert f": {free} MB." in found["database_room"]["message"]


@pytest.mark.parametrize(
    ("status", "body", "level", "said"),
    [
        (200, MODELS, "ok", "The upstream custom (http://127.0.0.1:"),
        (400, "", "ok", "The upstream custom (http://127.0.0.1:"),
        (404, "", "failure", "/v1/chat/completions."),
        (200, "<html>", "failure", "/v1/responses, "),
        (401, {"error": {"message": "sk-own"}}, "failure", "refuses the key"),
        (403, "", "failure", "refuses the key"),
        (503, "", "failure", "does not answer: HTTP 503"),
    ],
)
def test_the_upstream_is_asked(status, body, level, said):
    with other_server(status, body) as url:
        result = examine(OPENAI_BASE_URL=f"{url}/v1", OPENAI_API_KEY="sk-own-secret")
    assert (result["upstream"]["level"], said in result["upstream"]["message"]) == (level, True)
    assert "model" not in result
    assert "sk-own" not in str(result)


@pytest.mark.parametrize(
    "path", ["", "/", "/v1/responses", "/v1/chat/completions/", "/v1/models", "/v1/v1"]
)
def test_the_address_that_was_meant_is_suggested(path):
    with model_server() as models:
        root = models.base_url.removesuffix("/v1")
        found = examine(OPENAI_BASE_URL=f"{root}{path}", OPENAI_API_KEY="sk-own-secret")["upstream"]
        assert found["level"] == "failure"
        assert f"answers, but not at {root}{path.rstrip('/')}/responses, " in found["message"]
        wanted = f"Set OPENAI_BASE_URL to {models.base_url}"
        assert (found["advice"] == wanted) == (path != "/v1/v1")
        assert "sk-own" not in str(found)


def test_the_api_in_use_is_named():
    with FakeUpstream.serve() as upstream:
        upstream.lacks("responses")
        place = {"OPENAI_BASE_URL": upstream.base_url, "OPENAI_API_KEY": "sk-own-secret"}
        found = examine(**place)["upstream"]
        assert found["level"] == "ok"
        assert found["message"].endswith("It is called by the Chat Completions API.")
        found = examine(**place, OPENAI_API="responses")["upstream"]
        assert found["level"] == "failure"
        assert found["message"].endswith(f"answers, but not at {upstream.base_url}/responses.")
        assert found["advice"].endswith("set OPENAI_API to auto.")


def test_an_unreachable_upstream_is_reported():
    found = examine(OPENAI_BASE_URL="http://127.0.0.1:1/v1")["upstream"]
    assert found["level"] == "failure"
    assert "custom (http://127.0.0.1:1/v1) does not answer: " in found["message"]


def test_a_model_that_the_server_does_not_list_is_warned_of():
    with other_server(200, MODELS) as url:
        found = examine(OPENAI_BASE_URL=url, OPENAI_MODEL="gpt-4o", EMBEDDING_MODEL="embed")
        assert "gpt-4o (OPENAI_MODEL)" in found["model"]["message"]
        aliases = '{"gpt-4o": "gpt-5.4-mini"}'
        found = examine(OPENAI_BASE_URL=url, OPENAI_MODEL="gpt-4o", MODEL_ALIASES=aliases)
        assert "model" not in found


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen([program, *arguments], stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _accepts(port))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_redis_is_asked(redis_url):
    assert examine(REDIS_URL=redis_url)["redis"]["level"] == "ok"


def test_an_unreachable_redis_is_reported():
    found = examine(REDIS_URL="redis://me:own-secret@127.0.0.1:1/0")["redis"]
    assert found["level"] == "failure"
    assert found["message"].startswith("Redis at 127.0.0.1 does not answer: ")
    assert "own-secret" not in str(found)
    assert "redis" not in examine()


def test_a_port_in_use_is_reported(tmp_path):
    with other_server(200, {"hello": "there"}) as url:
        found = examine(PORT=url.rpartition(":")[2])["port"]
        assert (found["level"], "another program" in found["message"]) == ("failure", True)
    with thread_server(
        database_url=f"sqlite:///{tmp_path}/own.db", files_url=str(tmp_path / "files")
    ) as running:
        found = examine(PORT=running.base_url.rpartition(":")[2])["port"]
        assert (found["level"], "already running" in found["message"]) == ("ok", True)


def test_an_address_of_no_local_network_is_reported():
    found = examine(HOST="203.0.113.7", ALLOW_OPEN="true", PORT="8010")["port"]
    assert (found["level"], "can't listen on 203.0.113.7" in found["message"]) == ("failure", True)
