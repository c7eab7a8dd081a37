"""The forms that files come in: names, limits, and what is no upload at all."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from app.services.files import UPLOADS_AT_ONCE
from tests.support.databases import fresh_database
from tests.support.forms import HEADERS, field, file_part, form, half_sent, in_pieces, part, send
from tests.support.rows import connected
from tests.support.server import ThreadServer, thread_server
from tests.support.talk import error_of
from tests.support.waiting import wait_until

PURPOSE = field("purpose", "assistants")
LIMIT = 100_000


@pytest.fixture(scope="module")
def place(database_kind, tmp_path_factory) -> Iterator[tuple[Path, str]]:
    """Where the server keeps its files, and its database."""
    folder = tmp_path_factory.mktemp("uploads")
    with fresh_database(database_kind, folder) as url:
        yield folder / "files", url


@pytest.fixture(scope="module")
def server(place) -> Iterator[ThreadServer]:
    """One whose files may be small only."""
    folder, url = place
    settings = {"files_url": str(folder), "database_url": url, "database_pool_size": 2}
    with thread_server(max_file_bytes=LIMIT, max_body_bytes=1024, **settings) as server:
        yield server


@pytest.fixture
def left(place) -> Callable[[], list[str]]:
    """Tell what is stored, or announced, and is no file."""
    folder, url = place

    def look() -> list[str]:
        with connected(url) as connection:
            files = [*connection.exec_driver_sql("SELECT id FROM files").scalars()]
            rows = [*connection.exec_driver_sql("SELECT file_id FROM file_removals").scalars()]
        names = [path.name for path in folder.rglob("*") if path.is_file()]
        return [name for name in names + rows if name not in files]

    return look


# What a client sends for a name, and the name that is meant.
NAMES = {
    'filename="영업 안내.txt"': "영업 안내.txt",
    "filename*=UTF-8''%EC%98%81%EC%97%85%20%EC%95%88%EB%82%B4.txt": "영업 안내.txt",
    "filename=\"__.txt\"; filename*=utf-8'ko'%EC%98%81%EC%97%85.txt": "영업.txt",
    "filename*=iso-8859-1''caf%E9.txt": "café.txt",
    'filename="../../etc/passwd"': "../../etc/passwd",
    r'filename="C:\temp\x.txt"': r"C:\temp\x.txt",
    r'filename="C:\\temp\\x.txt"': r"C:\temp\x.txt",
    r'filename="a \"b\"; filename*=c.txt"': 'a "b"; filename*=c.txt',
    "filename=plain.txt": "plain.txt",
    'filename="a\0b.txt"': "a\ufffdb.txt",
    "filename*=UTF-8''a%00b.txt": "a\ufffdb.txt",
    'filename="100%25.txt"': "100%25.txt",
    f'filename="{"가" * 255}"': "가" * 255,
}


@pytest.mark.parametrize("disposition", NAMES)
def test_a_name_is_kept_as_it_was_meant(http, left, disposition):
    answer = send(http, PURPOSE, file_part(b"text", disposition))
    assert answer.status_code == 200, answer.text
    assert answer.json()["filename"] == NAMES[disposition]
    # The bytes are kept under the file's id.
    assert left() == []


@pytest.mark.parametrize(
    "disposition",
    [
        'filename=""',
        'filename="  "',
        'filename="a\nb.txt"',
        "filename*=UTF-8''a%0D%0ASet-Cookie:%20x.txt",
        "filename*=UTF-8''%FF.txt",
        "filename*=no-such-charset''%61.txt",
        "filename*=undefined''%61.txt",
        "filename*=idna''%61.txt",
        f'filename="{"a" * 1025}"',
    ],
)
def test_a_name_that_is_none_is_refused(http, left, disposition):
    error = error_of(send(http, PURPOSE, file_part(b"text", disposition)))
    assert error["param"] in ("file", None)
    assert left() == []


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("영업.txt", "filename=\"__.txt\"; filename*=UTF-8''%EC%98%81%EC%97%85.txt"),
        ("../../etc/passwd", "filename=\"passwd\"; filename*=UTF-8''passwd"),
        (r"C:\x.txt", "filename=\"x.txt\"; filename*=UTF-8''x.txt"),
        ('a"; x="b.txt', "filename=\"a__ x__b.txt\"; filename*=UTF-8''a%22%3B%20x%3D%22b.txt"),
    ],
)
def test_a_download_has_a_name_that_is_safe(http, name, disposition):
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    file = send(http, PURPOSE, file_part(b"text", f'filename="{quoted}"')).json()
    assert file["filename"] == name
    answer = http.get(f"/files/{file['id']}/content")
    assert answer.headers["content-disposition"] == f"attachment; {disposition}"


@pytest.mark.parametrize("file_first", [True, False])
def test_the_fields_may_come_in_any_order(http, file_first):
    fields = PURPOSE + field("expires_after[seconds]", "3600")
    fields += field("expires_after[anchor]", "created_at")
    parts = [file_part(b"text"), fields]
    file = send(http, *(parts if file_first else parts[::-1])).json()
    assert (file["bytes"], file["expires_at"]) == (4, file["created_at"] + 3600)


REFUSED = {
    "no file": (form(PURPOSE), "Missing required parameter: 'file'."),
    "no purpose": (form(file_part(b"x")), "Missing required parameter: 'purpose'."),
    "an empty file": (form(PURPOSE, file_part(b"")), "Invalid 'file': the file is empty."),
    "a text for a file": (
        form(PURPOSE, field("file", "x")),
        "Invalid type for 'file': expected a file, but got a string instead.",
    ),
    "a bad purpose after the file": (
        form(file_part(b"x"), field("purpose", "fun")),
        "'fun' is not one of ['fine-tune', 'assistants', 'batch', 'user_data', 'vision', 'evals'] "
        "- 'purpose'",
    ),
    "an unknown field": (
        form(PURPOSE, field("colour", "red"), file_part(b"x")),
        "Unknown parameter: 'colour'.",
    ),
    "another file": (
        form(PURPOSE, part(b'form-data; name="image"; filename="a"', b"x")),
        "Unknown parameter: 'image'.",
    ),
    "two files": (
        form(PURPOSE, file_part(b"x"), file_part(b"y")),
        "Only one file can be uploaded at a time.",
    ),
    "half an expiry": (
        form(PURPOSE, field("expires_after[seconds]", "3600"), file_part(b"x")),
        "Missing required parameter: 'expires_after.anchor'.",
    ),
    "an expiry that is no object": (
        form(PURPOSE, field("expires_after", "3600"), file_part(b"x")),
        "Invalid type for 'expires_after': expected an object, but got a string instead.",
    ),
    "long fields": (
        form(field("purpose", "x" * 40_000), file_part(b"x")),
        "The form's fields are too long.",
    ),
    "many fields": (
        form(*(field("purpose", "assistants") for _ in range(300)), file_part(b"x")),
        "The form's fields are too long.",
    ),
    "no last boundary": (
        PURPOSE + file_part(b"x"),
        "The form ends before its last boundary.",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_upload_leaves_nothing(http, left, what):
    body, message = REFUSED[what]
    answer = http.post("/files", content=body, headers=HEADERS)
    assert error_of(answer)["message"] == message
    assert left() == []


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"purpose": "assistants"}},
        {"data": {"purpose": "assistants"}},
        {"content": b""},
        {"content": form(PURPOSE), "headers": {"content-type": "multipart/form-data"}},
        {"content": b"no form", "headers": HEADERS},
        {
            "content": b"x",
            "headers": {"content-type": f"multipart/form-data; boundary={'x' * 999}"},
        },
    ],
)
def test_what_is_no_form_has_no_file(http, sent):
    error_of(http.post("/files", **sent))


def too_large(limit: int) -> dict[str, str]:
    return {
        "message": f"The file is too large: this server accepts files of up to {limit} bytes "
        "(setting MAX_FILE_BYTES).",
        "type": "invalid_request_error",
        "param": "file",
        "code": "file_too_large",
    }


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT + 1_000_000])
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
def test_a_file_that_is_too_large_is_refused(http, left, size, declared):
    pieces = in_pieces(size)
    content = b"".join(pieces) if declared else pieces
    answer = http.post("/files", content=content, headers=HEADERS)
    assert error_of(answer, 413) == too_large(LIMIT)
    assert left() == []
    # The connection is as good as new.
    assert http.get("/files").status_code == 200


def test_the_largest_file_is_taken_though_other_bodies_may_be_smaller_only(http):
    answer = http.post("/files", content=in_pieces(LIMIT), headers=HEADERS)
    assert answer.json()["bytes"] == LIMIT
    error_of(http.post("/threads", json={"metadata": {"k": "v" * 2000}}), 413)


@pytest.mark.parametrize("size", [1_000, 60_000])
def test_a_client_that_hangs_up_leaves_nothing(server, left, size):
    before = server.http.get("/files").json()["data"]
    with half_sent(server.base_url, size):
        assert wait_until(left)
    wait_until(lambda: left() == [])
    assert server.http.get("/files").json()["data"] == before


def test_many_upload_at_once(server, together):
    def upload(number: int) -> httpx.Response:
        content = f"number {number}".encode()
        with httpx.Client(base_url=str(server.http.base_url)) as client:
            return send(client, PURPOSE, file_part(content))

    files = [answer.json() for answer in together(upload, 20)]
    assert len({file["id"] for file in files}) == 20
    for number, file in enumerate(files):
        content = server.http.get(f"/files/{file['id']}/content").content
        assert content == f"number {number}".encode()


def test_stalled_uploads_of_a_project_have_a_bound(server, left):
    with ExitStack() as stalled:
        for _ in range(UPLOADS_AT_ONCE):
            stalled.enter_context(half_sent(server.base_url, 1_000))
        assert wait_until(lambda: len(left()) >= UPLOADS_AT_ONCE)
        refused = send(server.http, PURPOSE, file_part(b"hello"))
        assert error_of(refused, 429)["code"] == "too_many_uploads"
        assert refused.headers["retry-after"] == "1"
    wait_until(lambda: left() == [])
    assert send(server.http, PURPOSE, file_part(b"hello")).status_code == 200
