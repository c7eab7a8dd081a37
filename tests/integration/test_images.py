"""Pictures in messages, as the model is shown them."""

import base64

import pytest

from app.core.object_store import ObjectStore
from app.engine import images
from tests.support.talk import finished

BOTH_APIS = True

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def shown(upstream):
    *_, message = upstream.requests[-1].asked["input"]
    return message["content"]


@pytest.mark.parametrize(
    ("name", "kind"), [("화면.png", "image/png"), ("photo.jpg", "image/jpeg"), ("x", "image/png")]
)
def test_a_picture_that_is_kept_here_goes_along(
    client, thread_id, assistant_id, upstream, name, kind
):
    file = client.files.create(file=(name, PNG), purpose="vision")
    part = {"type": "image_file", "image_file": {"file_id": file.id, "detail": "low"}}
    client.beta.threads.messages.create(thread_id, role="user", content=[part])
    finished(client, thread_id, assistant_id)
    url = f"data:{kind};base64,{base64.b64encode(PNG).decode()}"
    assert shown(upstream) == [{"type": "input_image", "image_url": url, "detail": "low"}]


def test_an_id_that_is_unknown_here_is_not_shown_to_the_upstream(
    client, thread_id, assistant_id, upstream
):
    """In the account there it may be a file of somebody else's."""
    part = {"type": "image_file", "image_file": {"file_id": "file-elsewhere"}}
    client.beta.threads.messages.create(thread_id, role="user", content=[part])
    finished(client, thread_id, assistant_id)
    assert shown(upstream) == [{"type": "input_text", "text": images.NOT_HERE}]
    assert "file-elsewhere" not in str(upstream.requests[0].asked)


@pytest.fixture
def reads(monkeypatch):
    """The keys of the files that were read whole."""
    keys: list[str] = []
    read = ObjectStore.read_whole

    async def noted(self, key):
        keys.append(key)
        return await read(self, key)

    monkeypatch.setattr(ObjectStore, "read_whole", noted)
    return keys


def picture(file_id):
    return {"type": "image_file", "image_file": {"file_id": file_id}}


def test_a_picture_is_read_once_for_a_request(client, thread_id, assistant_id, upstream, reads):
    file = client.files.create(file=("a.png", PNG), purpose="vision")
    client.beta.threads.messages.create(thread_id, role="user", content=[picture(file.id)] * 40)
    assert finished(client, thread_id, assistant_id).status == "completed"
    assert len(shown(upstream)) == 40
    assert reads == [f"files/{file.id}"]


def test_the_newest_messages_pictures_are_too_large(
    client, thread_id, assistant_id, upstream, reads, monkeypatch
):
    """Each is counted as often as it is named: so often it is sent."""
    monkeypatch.setattr(images, "MAX_REQUEST_IMAGE_BYTES", 3 * len(PNG))
    file = client.files.create(file=("a.png", PNG), purpose="vision")
    client.beta.threads.messages.create(thread_id, role="user", content=[picture(file.id)] * 4)
    run = finished(client, thread_id, assistant_id)
    assert (run.status, run.last_error.code) == ("failed", "invalid_prompt")
    assert "too many images or they are too large" in run.last_error.message
    assert (upstream.requests, reads) == ([], [])


def test_too_many_pictures(client, thread_id, assistant_id, upstream, monkeypatch):
    monkeypatch.setattr(images, "MAX_REQUEST_IMAGES", 3)
    link = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    client.beta.threads.messages.create(thread_id, role="user", content=[link] * 4)
    assert finished(client, thread_id, assistant_id).status == "failed"


def test_pictures_of_older_messages_make_way(
    client, thread_id, assistant_id, upstream, reads, monkeypatch
):
    monkeypatch.setattr(images, "MAX_REQUEST_IMAGES", 2)
    file = client.files.create(file=("a.png", PNG), purpose="vision")
    text = {"type": "text", "text": "look"}
    for _ in range(3):
        client.beta.threads.messages.create(
            thread_id, role="user", content=[text, picture(file.id)]
        )
    assert finished(client, thread_id, assistant_id).status == "completed"
    *_, oldest, older, newest = upstream.requests[-1].asked["input"]
    assert [part["type"] for part in newest["content"]] == ["input_text", "input_image"]
    assert [part["type"] for part in older["content"]] == ["input_text", "input_image"]
    said = "\n".join(part["text"] for part in oldest["content"])
    assert said == f"look\n{images.LEFT_OUT}"
    assert len(reads) == 1
