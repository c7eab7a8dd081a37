"""Pictures in messages, as the model is shown them."""

import base64

import pytest

from tests.support.talk import finished

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def shown(upstream):
    *_, message = upstream.requests[-1].body["input"]
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


def test_a_file_that_is_not_here_is_the_upstreams_to_know(
    client, thread_id, assistant_id, upstream
):
    part = {"type": "image_file", "image_file": {"file_id": "file-elsewhere"}}
    client.beta.threads.messages.create(thread_id, role="user", content=[part])
    finished(client, thread_id, assistant_id)
    assert shown(upstream) == [
        {"type": "input_image", "file_id": "file-elsewhere", "detail": "auto"}
    ]
