"""`SEARCH_TIMEOUT`: a search that takes too long is an error in words, and a run goes on."""

import pytest

from tests.support.function_calls import outputs
from tests.support.replies import Reply
from tests.support.searches import asking, library, search
from tests.support.talk import error_of, finished

# Over before any search has begun.
AT_ONCE = 1e-6


@pytest.fixture
def server(start):
    return start(search_timeout=AT_ONCE)


def test_the_api_says_so(server):
    store_id = server.client.vector_stores.create().id
    for answer in (
        server.http.post(f"/vector_stores/{store_id}/search", json={"query": "hello"}),
        server.http.get("/threads", params={"q": "hello"}),
        server.http.delete("/threads", params={"q": "hello"}),
    ):
        error = error_of(answer)
        assert (answer.status_code, error["code"]) == (400, "search_timeout")
        assert "1e-06 seconds" in error["message"]


def test_the_model_reads_of_the_timeout_and_the_run_continues(server, upstream):
    files = library(server.client)
    upstream.reply(Reply.function_calls(search("refunds")))
    thread = server.client.beta.threads.create(**asking())
    assert finished(server.client, thread.id, files.assistant_id).status == "completed"
    (output,) = outputs(upstream)
    assert output.startswith("Error: The search took longer than")
