"""No client makes the server call an address of the client's choice."""

import socket

import pytest

from tests.support.talk import finished


@pytest.fixture
def listener():
    """A place on loopback that nobody has reason to call."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        place.setblocking(False)
        yield place


def test_a_pictures_address_goes_to_the_model_and_is_never_called(
    client, thread_id, assistant_id, upstream, listener
):
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/a.png"
    part = {"type": "image_url", "image_url": {"url": url, "detail": "low"}}
    client.beta.threads.messages.create(thread_id, role="user", content=[part])
    assert finished(client, thread_id, assistant_id).status == "completed"
    *_, message = upstream.requests[-1].body["input"]
    assert message["content"] == [{"type": "input_image", "image_url": url, "detail": "low"}]
    with pytest.raises(BlockingIOError):
        listener.accept()
