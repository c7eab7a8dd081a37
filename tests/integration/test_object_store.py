"""The object store over both of its kinds: a folder, and a server that speaks S3."""

import re
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from moto.server import ThreadedMotoServer

from app.core.object_store import ObjectStore, StorageError
from tests.support.forms import half_sent
from tests.support.waiting import wait_until

PART = 5 * 1024 * 1024


class S3:
    """A bucket of its own on a real server of the protocol; it checks no signature."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._http = httpx.Client(base_url=address)
        self._http.post("/moto-api/reset")
        assert self._http.put("/bucket").is_success

    def keys(self) -> list[str]:
        return re.findall("<Key>(.+?)</Key>", self._http.get("/bucket?list-type=2").text)

    def unfinished(self) -> list[str]:
        return re.findall("<UploadId>(.+?)</UploadId>", self._http.get("/bucket?uploads").text)

    def close(self) -> None:
        self._http.close()


@pytest.fixture(scope="module")
def s3_address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_address, monkeypatch) -> Iterator[S3]:
    set_environment(monkeypatch, s3_address)
    s3 = S3(s3_address)
    yield s3
    s3.close()


def set_environment(monkeypatch, address: str) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-a-test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-a-test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path) -> ObjectStore:
    if request.param == "folder":
        return ObjectStore(str(tmp_path / "store"))
    request.getfixturevalue("s3")
    return ObjectStore("s3://bucket/in/here")


async def some(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def whole(store: ObjectStore, key: str) -> bytes:
    return b"".join([piece async for piece in await store.read(key)])


@pytest.mark.parametrize("size", [0, 1, PART, PART + 1, 3 * PART + 17])
async def test_what_was_put_is_read(store, size):
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]
    chunks = [content[at : at + 100_000] for at in range(0, size, 100_000)]
    assert await store.put("files/a", some(*chunks)) == size
    assert await whole(store, "files/a") == content
    assert await store.read_whole("files/a") == content


async def test_what_was_deleted_is_gone(store):
    await store.put("files/a", some(b"a"))
    await store.put("files/b", some(b"b"))
    await store.delete("files/a")
    # Nothing is there to be deleted any more, and that is what was wanted.
    await store.delete("files/a")
    for read in (store.read, store.read_whole):
        with pytest.raises(StorageError, match="nothing is stored"):
            await read("files/a")
    assert await whole(store, "files/b") == b"b"


async def broken(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield b"x" * size
    raise ConnectionAbortedError("the source broke")


@pytest.mark.parametrize("sizes", [(10,), (2 * PART, 2 * PART)], ids=["small", "large"])
async def test_a_source_that_breaks_leaves_nothing(store, sizes, s3, tmp_path):
    with pytest.raises(StorageError, match="the source broke"):
        await store.put("files/a", broken(*sizes))
    assert (s3.keys(), s3.unfinished()) == ([], [])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "key", ["../a", "/etc/passwd", "files/../../a", "files/a#1", "", "a/", "가"]
)
async def test_a_key_is_never_a_path_elsewhere(store, key):
    with pytest.raises(ValueError, match="not a key"):
        await store.put(key, some(b"x"))
    with pytest.raises(ValueError, match="not a key"):
        await store.delete(key)


async def test_a_store_that_is_there_is_up(store):
    assert await store.is_up()


async def test_a_store_that_is_away_is_down(monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        set_environment(monkeypatch, f"http://127.0.0.1:{nobody.getsockname()[1]}")
        store = ObjectStore("s3://bucket")
        assert not await store.is_up()
        with pytest.raises(StorageError, match="files/a: ") as caught:
            await store.put("files/a", some(b"x"))
    assert "\n" not in str(caught.value)


def test_a_folder_may_be_an_address(tmp_path):
    ObjectStore(f"{tmp_path.as_uri()}/with%20space")
    assert (tmp_path / "with space").is_dir()


def test_a_folder_may_be_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ObjectStore("some/where")
    assert (tmp_path / "some" / "where").is_dir()


def test_a_folder_that_can_not_be_made_is_said_so(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="file"):
        ObjectStore(str(tmp_path / "file"))


def test_the_service_keeps_its_files_in_s3(start, s3, tmp_path):
    client = start(files_url="s3://bucket/prefix").client
    content = b"x" * (2 * PART)
    file = client.files.create(file=("영업.txt", content), purpose="assistants")
    assert s3.keys() == [f"prefix/files/{file.id}"]
    assert client.files.content(file.id).read() == content
    client.files.delete(file.id)
    assert s3.keys() == []
    assert not (tmp_path / "files").exists()


def test_an_upload_that_breaks_off_leaves_nothing_in_s3(start, s3):
    server = start(files_url="s3://bucket")
    with half_sent(server.base_url, 3 * PART):
        wait_until(s3.unfinished)
    wait_until(lambda: (s3.keys(), s3.unfinished()) == ([], []))


def test_an_unreachable_object_store_is_a_503(start, s3_address, monkeypatch, tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        set_environment(monkeypatch, f"http://127.0.0.1:{nobody.getsockname()[1]}")
        http = start(files_url="s3://bucket").http
        answer = http.post("/files", data={"purpose": "batch"}, files={"file": ("a", b"x")})
    assert answer.status_code == 503
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("server_error", "storage_unavailable")
    assert "127.0.0.1" not in error["message"]
    assert http.get("/files").json()["data"] == []
    assert [*Path(tmp_path).rglob("file-*")] == []
