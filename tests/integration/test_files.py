"""Files: uploaded, listed, read and deleted, by OpenAI's own client."""

import re
from pathlib import Path

import httpx
import openai
import pytest

from tests.support.server import ThreadServer, process_server
from tests.support.talk import error_of

MEGABYTE = 1024 * 1024


def stored(folder: Path) -> list[str]:
    """Return the names of what the store holds, leftovers included."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_files_fields_are_in_openais_order(http: httpx.Client):
    answer = http.post(
        "/files", data={"purpose": "assistants"}, files={"file": ("hours.txt", b"Open from 8.")}
    )
    file = answer.json()
    assert " ".join(file) == (
        "object id purpose filename bytes created_at expires_at status status_details"
    )
    assert re.fullmatch(r"file-[A-Za-z0-9]{22}", file["id"])
    assert file | {"id": "", "created_at": 0} == {
        "object": "file",
        "id": "",
        "purpose": "assistants",
        "filename": "hours.txt",
        "bytes": 12,
        "created_at": 0,
        "expires_at": None,
        "status": "processed",
        "status_details": None,
    }
    assert http.get(f"/files/{file['id']}").json() == file


def test_a_files_bytes_come_back(client: openai.OpenAI):
    content = bytes(range(256)) * 50
    file = client.files.create(file=("bytes.bin", content), purpose="user_data")
    response = client.files.content(file.id).response
    assert response.read() == content
    headers = response.headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-length"] == str(len(content)) == str(file.bytes)
    assert headers["x-content-type-options"] == "nosniff"


def test_a_deleted_file_is_gone_with_its_bytes(start, tmp_path):
    client = start().client
    kept, deleted = (client.files.create(file=b"text", purpose="assistants") for _ in range(2))
    answer = client.files.delete(deleted.id)
    assert (answer.id, answer.object, answer.deleted) == (deleted.id, "file", True)
    for call in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError) as caught:
            call(deleted.id)
        assert caught.value.body == {
            "message": f"No such File object: {deleted.id}",
            "type": "invalid_request_error",
            "param": "id",
            "code": None,
        }
    assert stored(tmp_path / "files") == [kept.id]


def test_lists_go_through_all_pages_in_both_orders(start):
    client = start().client
    ids = [client.files.create(file=(f"{n}.txt", b"x"), purpose="vision").id for n in range(5)]
    assert [file.id for file in client.files.list(limit=2)] == ids[::-1]
    assert [file.id for file in client.files.list(limit=2, order="asc")] == ids
    assert [file.id for file in client.files.list(after=ids[3])] == ids[2::-1]
    assert [file.id for file in client.files.list(limit=10_000)] == ids[::-1]


def test_a_list_may_keep_to_a_purpose(start):
    client = start().client
    ids = [
        client.files.create(file=b"x", purpose=purpose).id
        for purpose in ("vision", "assistants", "vision")
    ]
    assert [file.id for file in client.files.list(purpose="vision", limit=1)] == [ids[2], ids[0]]
    assert client.files.list(purpose="batch").data == []


def test_a_page_can_be_too_long_and_its_cursor_unknown(http: httpx.Client):
    error = error_of(http.get("/files", params={"limit": 10_001}))
    assert error["message"] == (
        "Invalid 'limit': integer above maximum value. Expected a value <= 10000, but got 10001 "
        "instead."
    )
    error_of(http.get("/files", params={"after": "file-nothing"}), 404)


def test_a_file_may_expire(client: openai.OpenAI):
    file = client.files.create(
        file=b"x", purpose="user_data", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert file.expires_at == file.created_at + 3600
    assert client.files.retrieve(file.id).expires_at == file.expires_at


@pytest.mark.parametrize("seconds", [3599, 2_592_001])
def test_an_expiry_has_bounds(client: openai.OpenAI, seconds):
    with pytest.raises(openai.BadRequestError) as caught:
        client.files.create(
            file=b"x",
            purpose="user_data",
            expires_after={"anchor": "created_at", "seconds": seconds},
        )
    assert caught.value.param == "expires_after.seconds"
    assert "3600" in caught.value.message or "2592000" in caught.value.message


def test_an_unknown_purpose_is_refused_in_openais_words(http: httpx.Client):
    answer = http.post("/files", data={"purpose": "fun"}, files={"file": ("a", b"x")})
    assert error_of(answer) == {
        "message": "'fun' is not one of ['fine-tune', 'assistants', 'batch', 'user_data', "
        "'vision', 'evals'] - 'purpose'",
        "type": "invalid_request_error",
        "param": "purpose",
        "code": None,
    }


def test_a_large_file_is_never_whole_in_memory(tmp_path):
    """Neither on its way in nor on its way out: the peak of the process's memory tells."""
    peak = Path("/proc/self/status")
    if not peak.exists():
        pytest.skip("only Linux tells a process's peak")
    size = 150 * MEGABYTE
    with process_server(tmp_path) as server:
        server.http.get("/files")
        before = peak_memory(server.pid)
        from_disk = tmp_path / "large.bin"
        from_disk.write_bytes(b"x" * size)
        file = server.client.files.create(file=from_disk, purpose="user_data")
        with server.http.stream("GET", f"/files/{file.id}/content") as response:
            assert sum(len(piece) for piece in response.iter_bytes()) == size == file.bytes
        assert peak_memory(server.pid) - before < 60 * MEGABYTE


def peak_memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def test_files_outlive_the_server(start):
    first: ThreadServer = start()
    file = first.client.files.create(file=("a.txt", b"kept"), purpose="assistants")
    first.stop()
    assert start().client.files.content(file.id).read() == b"kept"
