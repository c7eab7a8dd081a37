"""Assistants of a file: made at the start, kept up to date, and changed by the file alone."""

from contextlib import ExitStack

import pytest
from sqlalchemy import text

from tests.support.assistants_files import written
from tests.support.heirs import environment
from tests.support.replies import Reply
from tests.support.rows import connected
from tests.support.server import ProcessServer
from tests.support.stores import counts, found, settled
from tests.support.talk import error_of
from tests.support.waiting import wait_until

ONE = """
assistants:
  - id: asst_one
    name: 하나
    instructions: Be brief.
    tools: [file_search]
    knowledge: [knowledge/hours.md, knowledge/parking.md]
"""
HOURS = "매장은 오전 열 시에 엽니다."
PARKING = "주차는 두 시간까지 무료입니다."
TABLES = ("assistants", "files", "vector_stores", "vector_store_files", "chunks", "file_removals")


@pytest.fixture
def path(tmp_path) -> str:
    return written(tmp_path, ONE, hours=HOURS, parking=PARKING)


@pytest.fixture
def rewritten(tmp_path):
    """Write another file in the place of the first."""

    def write(said: str, **knowledge: str) -> None:
        written(tmp_path, said, **knowledge)

    return write


@pytest.fixture
def table_rows(database_url):
    """Return every row of what the file makes, but for when the default assistant was made."""

    def look() -> dict[str, list]:
        with connected(database_url) as connection:
            return {
                table: [*map(tuple, connection.execute(text(f"SELECT * FROM {table} ORDER BY 1")))]
                for table in TABLES
            }

    return look


@pytest.fixture
def bytes_stored(tmp_path):
    """Return the content of all files that are stored."""

    def look() -> list[str]:
        stored = (tmp_path / "files").rglob("*")
        return sorted(path.read_text("utf-8") for path in stored if path.is_file())

    return look


@pytest.fixture
def refused(database_url, tmp_path):
    """Start a process with the file, which ends at once; return its status and what it said."""

    def begin(path: str) -> tuple[int, str]:
        (tmp_path / "process").mkdir()
        process = ProcessServer(
            tmp_path / "process", DATABASE_URL=database_url, ASSISTANTS_FILE=path
        )
        return process.wait(), process.log

    return begin


def store_of(http, assistant_id: str = "asst_one") -> str:
    resources = http.get(f"/assistants/{assistant_id}").json()["tool_resources"]
    (store_id,) = resources["file_search"]["vector_store_ids"]
    return store_id


def file_ids(http) -> dict[str, str]:
    """Return the assistant's knowledge by name; no list of files tells it."""
    if not http.get("/assistants/asst_one").json()["tool_resources"]:
        return {}
    files = http.get(f"/vector_stores/{store_of(http)}/files").json()["data"]
    return {http.get(f"/files/{file['id']}").json()["filename"]: file["id"] for file in files}


def test_it_is_there_from_the_start(start, path):
    server = start(assistants_file=path, openai_model="gpt-x")
    assistant = server.http.get("/assistants/asst_one").json()
    assert (assistant["name"], assistant["instructions"]) == ("하나", "Be brief.")
    assert (assistant["model"], assistant["tools"][0]["type"]) == ("gpt-x", "file_search")
    ids = [one["id"] for one in server.http.get("/assistants").json()["data"]]
    assert sorted(ids) == ["asst_default", "asst_one"]
    # What is ready can be asked.
    store_id, files = store_of(server.http), file_ids(server.http)
    assert counts(server.client, store_id) == {"completed": 2, "total": 2}
    assert found(server.client, store_id, "주차") == [files["parking.md"]]
    content = server.http.get(f"/files/{files['hours.md']}/content")
    assert content.text == HOURS


def test_a_restart_changes_nothing(start, path, table_rows, bytes_stored):
    start(assistants_file=path).stop()
    before = table_rows()
    start(assistants_file=path).stop()
    assert table_rows() == before
    assert bytes_stored() == sorted([HOURS, PARKING])


def test_a_changed_text_replaces_its_file_alone(start, path, rewritten, bytes_stored):
    first = start(assistants_file=path)
    before, made = file_ids(first.http), first.http.get("/assistants/asst_one").json()
    first.stop()
    rewritten(ONE, parking="주차장은 없습니다.")
    second = start(assistants_file=path)
    after = file_ids(second.http)
    assert (after["hours.md"], [*after]) == (before["hours.md"], ["parking.md", "hours.md"])
    assert after["parking.md"] != before["parking.md"]
    store_id = store_of(second.http)
    assert counts(second.client, store_id) == {"completed": 2, "total": 2}
    content = second.http.get(f"/vector_stores/{store_id}/files/{after['parking.md']}/content")
    assert content.json()["data"][0]["text"] == "주차장은 없습니다."
    assert second.http.get("/assistants/asst_one").json() == made
    second.stop()
    assert bytes_stored() == sorted([HOURS, "주차장은 없습니다."])


def test_changed_words_are_taken_over(start, path, rewritten, table_rows):
    first = start(assistants_file=path)
    before, made = file_ids(first.http), first.http.get("/assistants/asst_one").json()
    first.stop()
    rewritten(ONE.replace("Be brief.", "Be kind.").replace(", knowledge/parking.md", ""))
    second = start(assistants_file=path)
    assert second.http.get("/assistants/asst_one").json() == {**made, "instructions": "Be kind."}
    assert file_ids(second.http) == {"hours.md": before["hours.md"]}
    second.stop()
    rewritten("assistants: [{id: asst_one, name: 하나}]")
    third = start(assistants_file=path)
    assert third.http.get("/assistants/asst_one").json()["tool_resources"] == {}
    tables = table_rows()
    assert (tables["vector_stores"], tables["files"]) == ([], [])


def test_a_changed_chunking_splits_the_files_again(start, path, rewritten):
    first = start(assistants_file=path)
    before = file_ids(first.http)
    first.stop()
    static = "{max_chunk_size_tokens: 100, chunk_overlap_tokens: 0}"
    rewritten(ONE + f"    chunking_strategy: {{type: static, static: {static}}}\n")
    second = start(assistants_file=path)
    store_id = store_of(second.http)
    assert file_ids(second.http) == before
    files = second.http.get(f"/vector_stores/{store_id}/files").json()["data"]
    sizes = {file["chunking_strategy"]["static"]["max_chunk_size_tokens"] for file in files}
    assert (sizes, counts(second.client, store_id)) == ({100}, {"completed": 2, "total": 2})


# What the API refuses, but a restored backup or a hand in the database may bring about.
LOSSES = {
    "store": "DELETE FROM vector_stores WHERE id = :store",
    "file": "DELETE FROM files WHERE id = :file",
    "place": "DELETE FROM vector_store_files WHERE id = :file",
    "forever": "UPDATE vector_stores SET expires_at = last_active_at + 86400 WHERE id = :store",
}


@pytest.mark.parametrize("gone", LOSSES)
def test_knowledge_that_was_taken_away_is_back(start, path, database_url, gone):
    first = start(assistants_file=path)
    store_id, file_id = store_of(first.http), file_ids(first.http)["hours.md"]
    first.stop()
    with connected(database_url) as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("PRAGMA foreign_keys = ON"))
        lost = text(LOSSES[gone])
        ids = {"store": store_id, "file": file_id}
        connection.execute(lost, {name: ids[name] for name in lost.compile().params})
    second = start(assistants_file=path)
    assert store_of(second.http) == store_id
    assert settled(second.client, store_id) == {"completed": 2, "total": 2}
    assert (file_ids(second.http)["hours.md"] == file_id) == (gone != "file")
    assert second.http.get(f"/vector_stores/{store_id}").json()["expires_at"] is None


DATA = """
assistants:
  - id: asst_one
    tools: [file_search, code_interpreter]
    knowledge: [knowledge/hours.md, knowledge/parking.md]
    data: [knowledge/sales.md, knowledge/parking.md]
"""


def data_of(http) -> list[str]:
    resources = http.get("/assistants/asst_one").json()["tool_resources"]
    ids: list[str] = (resources.get("code_interpreter") or {}).get("file_ids", [])
    return ids


def names_of(http, ids: list[str]) -> list[str]:
    return [http.get(f"/files/{file_id}").json()["filename"] for file_id in ids]


@pytest.fixture
def with_data(tmp_path) -> str:
    return written(tmp_path, DATA, hours=HOURS, parking=PARKING, sales="1,2")


def test_its_data_are_files_for_code(start, with_data, table_rows, bytes_stored):
    first = start(assistants_file=with_data)
    ids = data_of(first.http)
    assert names_of(first.http, ids) == ["sales.md", "parking.md"]
    assert first.http.get(f"/files/{ids[0]}/content").text == "1,2"
    # A file that is both is stored once.
    assert file_ids(first.http)["parking.md"] == ids[1]
    assert "sales.md" not in file_ids(first.http)
    assert error_of(first.http.delete(f"/files/{ids[0]}"))
    first.stop()
    before = table_rows()
    start(assistants_file=with_data).stop()
    assert table_rows() == before
    assert bytes_stored() == sorted([HOURS, PARKING, "1,2"])


def test_only_changed_data_are_stored_again(start, with_data, rewritten):
    first = start(assistants_file=with_data)
    before = data_of(first.http)
    first.stop()
    rewritten(DATA, sales="3,4")
    second = start(assistants_file=with_data)
    after = data_of(second.http)
    assert (after[0] == before[0], after[1] == before[1]) == (False, True)
    assert second.http.get(f"/files/{after[0]}/content").text == "3,4"
    error_of(second.http.get(f"/files/{before[0]}"), 404)
    second.stop()
    rewritten(DATA.replace("knowledge/sales.md, ", "").replace(", knowledge/parking.md]", "]", 1))
    third = start(assistants_file=with_data)
    # What was both is data only.
    assert data_of(third.http) == after[1:]
    assert [*file_ids(third.http)] == ["hours.md"]
    error_of(third.http.get(f"/files/{after[0]}"), 404)


def test_data_that_were_taken_away_are_back(start, with_data, database_url):
    first = start(assistants_file=with_data)
    lost, kept = data_of(first.http)
    first.stop()
    with connected(database_url) as connection:
        connection.execute(text("DELETE FROM files WHERE id = :id"), {"id": lost})
    second = start(assistants_file=with_data)
    again = data_of(second.http)
    assert (again[0] == lost, again[1]) == (False, kept)
    assert second.http.get(f"/files/{again[0]}/content").text == "1,2"


def test_data_without_knowledge(start, with_data, rewritten):
    rewritten("assistants: [{id: asst_one, tools: [code_interpreter], data: [knowledge/sales.md]}]")
    first = start(assistants_file=with_data)
    (file_id,) = data_of(first.http)
    assert "file_search" not in first.http.get("/assistants/asst_one").json()["tool_resources"]
    first.stop()
    rewritten("assistants: []")
    second = start(assistants_file=with_data)
    # It is an ordinary assistant now, with its data.
    assert data_of(second.http) == [file_id]
    assert second.http.get(f"/files/{file_id}/content").text == "1,2"


def test_it_can_not_be_changed_over_the_api(start, path):
    http = start(assistants_file=path).http
    before = http.get("/assistants/asst_one").json()
    for response in (
        http.post("/assistants/asst_one", json={"name": "Mine"}),
        http.delete("/assistants/asst_one"),
    ):
        error = error_of(response)
        assert error["code"] == "assistant_is_configured"
        assert "'asst_one'" in error["message"]
        assert "assistants file" in error["message"]
    assert http.get("/assistants/asst_one").json() == before


@pytest.mark.parametrize("changed", [False, True])
def test_one_that_left_the_file_is_an_ordinary_one(start, path, rewritten, changed, refused):
    start(assistants_file=path).stop()
    rewritten("assistants: []")
    second = start(assistants_file=path)
    # With all that it knows.
    assert counts(second.client, store_of(second.http)) == {"completed": 2, "total": 2}
    if changed:
        assert second.http.post("/assistants/asst_one", json={"name": "M"}).json()["name"] == "M"
    second.stop()
    rewritten(ONE.replace("Be brief.", "Again."))
    if changed:
        # What a user has changed meanwhile is not taken away.
        status, said = refused(path)
        assert f"{path}, line 3: the assistant asst_one was created or changed over the API" in said
        assert status != 0
        assert "Traceback" not in said
    else:
        third = start(assistants_file=path)
        assert third.http.get("/assistants/asst_one").json()["instructions"] == "Again."
        error_of(third.http.delete("/assistants/asst_one"))


def test_a_deleted_assistant_is_created_again(start, path):
    start(assistants_file=path).stop()
    second = start()
    # A file of the user's own, which the assistant of the file is not to know.
    store_id = store_of(second.http)
    file = second.client.files.create(file=("own.txt", b"own"), purpose="assistants")
    second.client.vector_stores.files.create_and_poll(file.id, vector_store_id=store_id)
    assert second.http.delete("/assistants/asst_one").is_success
    second.stop()
    third = start(assistants_file=path)
    assert store_of(third.http) == store_id
    assert counts(third.client, store_id) == {"completed": 2, "total": 2}
    assert third.http.get(f"/files/{file.id}").json()["filename"] == "own.txt"


def test_an_assistant_of_the_api_stays_the_users(start, tmp_path, refused, table_rows):
    first = start()
    made = first.http.post("/assistants", json={"model": "own"}).json()
    first.stop()
    before = table_rows()
    said = f"assistants:\n- {{id: {made['id']}}}\n- {{id: asst_new}}"
    _, reported = refused(written(tmp_path, said))
    assert f"line 2: the assistant {made['id']} was created or changed over the API" in reported
    assert table_rows() == before


def test_a_fault_stops_the_start_in_words_for_a_person(tmp_path, refused):
    path = written(tmp_path, "assistants:\n- id: asst_a\n  nam: n\n  tools: [f]")
    lines = [
        f"{path}, line 3: assistants[0].nam: unknown key",
        f"{path}, line 4: assistants[0].tools[0]: there is no tool and no function in "
        "FUNCTIONS_DIR with this name, got 'f'",
    ]
    assert refused(path) == (2, "\n".join(lines) + "\n")


def test_a_file_that_is_named_and_not_there_stops_the_start(refused):
    assert refused("other.yaml") == (2, "ASSISTANTS_FILE: there is no file other.yaml\n")


def test_it_may_be_the_default_one(start, path, rewritten, upstream):
    http = start(assistants_file=path, assistant_id="asst_one", assistant_name="Other").http
    assert [one["name"] for one in http.get("/assistants").json()["data"]] == ["하나"]
    upstream.reply(Reply.text("Done."))
    assert http.post("/chat", json={"message": "x"}).is_success
    (asked,) = upstream.requests
    assert asked.body["instructions"] == "Be brief."
    assert [tool["name"] for tool in asked.body["tools"]] == ["file_search"]


def test_the_settings_may_take_it_over(start, path):
    start(assistants_file=path).stop()
    second = start(assistant_id="asst_one", assistant_name="N")
    assistant = second.http.get("/assistants/asst_one").json()
    assert (assistant["name"], assistant["tools"], assistant["tool_resources"]) == ("N", [], {})
    error_of(second.http.delete("/assistants/asst_one"))
    second.stop()
    third = start(assistants_file=path)
    assert third.http.get("/assistants/asst_one").json()["name"] == "하나"
    assert counts(third.client, store_of(third.http)) == {"completed": 2, "total": 2}


def test_several_servers_may_start_at_once(database_url, upstream, path, tmp_path, bytes_stored):
    settings = environment(
        database_url, upstream, ASSISTANTS_FILE=path, FILES_URL=str(tmp_path / "files")
    )
    with ExitStack() as stack:
        servers = []
        for name in ("one", "two", "three"):
            (tmp_path / name).mkdir()
            servers.append(ProcessServer(tmp_path / name, **settings))
            stack.callback(servers[-1].kill)
        for server in servers:
            server.wait_ready()
        first = servers[0]
        ids = [one["id"] for one in first.http.get("/assistants").json()["data"]]
        assert sorted(ids) == ["asst_default", "asst_one"]
        assert settled(first.client, store_of(first.http)) == {"completed": 2, "total": 2}
        assert sorted(file_ids(first.http)) == ["hours.md", "parking.md"]
        # Those who came second remove what they stored in vain.
        wait_until(lambda: bytes_stored() == sorted([HOURS, PARKING]))


def test_knowledge_that_cannot_be_read_is_named(start, path, tmp_path, caplog):
    (tmp_path / "knowledge" / "parking.md").write_bytes(bytes(5000))
    http = start(assistants_file=path).http
    (said,) = [line for line in caplog.messages if "could not be read" in line]
    assert said.startswith("knowledge of asst_one could not be read: parking.md: The file ")
    (failed,) = http.get(
        f"/vector_stores/{store_of(http)}/files", params={"filter": "failed"}
    ).json()["data"]
    assert failed["last_error"]["message"] in said
