"""Requests of other people's programs, byte for byte as they were recorded from them.

`docs/coming-from` says which versions sent them. Their IDs are replaced by those that this server
gives out, their key by one of its keys.
"""

import pytest

from tests.support.client_recordings import FOLDER, Replay, kept_of, recording

RECORDED = sorted(file.stem for file in FOLDER.glob("*.json"))


def key_of(name: str) -> str:
    return f"the-key-of-{name}-0123456789"


@pytest.fixture(scope="module")
def demo(start_shared):
    """A server with the demo model, as for the recordings, and a project for each of them."""
    return start_shared(
        openai_base_url="",
        openai_api_key="",
        cors_origins=["http://127.0.0.1:18880"],
        api_keys=[f"{name}:{key_of(name)}" for name in RECORDED],
    )


def test_there_are_recordings():
    assert RECORDED


@pytest.mark.parametrize("name", RECORDED)
def test_the_requests_of_a_client_are_answered_as_they_were(demo, name):
    for exchange, answer in Replay(demo.base_url, key_of(name)).run(recording(name)):
        asked = f"{exchange['method']} {exchange['path']}"
        assert answer.status_code == exchange["status"], f"{asked}: {answer.text}"
        kept = kept_of(exchange["method"], answer.headers.get("content-type", ""), answer.text)
        assert kept == exchange["kept"], asked
