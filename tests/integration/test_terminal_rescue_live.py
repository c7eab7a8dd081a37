"""`rescue azure` and `rescue openai`: a running server is read page by page, and politely."""

import json

import pytest

from tests.support.azure_server import LISTS, TOKEN, azure_server
from tests.support.databases import fresh_database
from tests.support.moving import exported, fill, objects_in
from tests.support.stores import settled
from tests.support.talk import texts
from tests.support.terminal import fail, run


@pytest.fixture
def azure():
    with azure_server() as server:
        yield server


@pytest.fixture
def server(start, database_kind, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    with fresh_database(database_kind, folder) as url:
        started = start(database_url=url, files_url=str(folder / "files"))
        yield started
        started.stop()


def rescued(server, *arguments: str, **environment: str) -> dict:
    result = run("rescue", *arguments, "--json", url=server.base_url, **environment)
    report: dict = json.loads(result.stdout)
    assert result.exit_code == (3 if report["refused"] else 0), result.output
    return report


def test_azure_is_read_completely(server, azure):
    report = rescued(server, "azure", "--endpoint", azure.endpoint, AZURE_AI_TOKEN=TOKEN)
    assert report["created"] == {
        "file": 2,
        "file.content": 2,
        "vector_store": 1,
        "vector_store.file": 2,
        "assistant": 1,
        "thread": 2,
        "thread.message": 3,
        "thread.run": 1,
        "thread.run.step": 1,
    }
    assert {one["why"]: one["count"] for one in report["left_out"]} == {
        "tools that this server does not have": 2,
        "citations of web pages, whose addresses are in the messages' metadata (cited_urls)": 1,
        "files of which only the text in a vector store can be had: taken as text files": 1,
    }
    http = server.http
    said = [("user", "Open?"), ("assistant", "8【3:0†source】"), ("user", "Thanks")]
    assert texts(http, "thread_az") == said
    # What does not change keeps its form.
    source, ours = LISTS["/threads"][0], http.get("/threads/thread_az").json()
    assert ours == source
    cited = http.get("/threads/thread_az/messages/msg_2").json()
    assert cited["metadata"] == {"cited_urls": "https://example.com"}
    assert http.get("/files/assistant-F1/content").content == b"8 a.m"
    assert http.get("/files/assistant-F2").json()["filename"] == "secret.pdf.txt"
    assert http.get("/files/assistant-F2/content").content == b"Page 1\nPage 2"
    assert settled(server.client, "vs_az") == {"completed": 2, "total": 2}
    # It was too busy for every page once.
    assert azure.busy


def test_what_is_done_is_not_read_again(server, azure, tmp_path):
    arguments = ("azure", "--endpoint", azure.endpoint, "--progress", str(tmp_path / "done"))
    rescued(server, *arguments, AZURE_AI_TOKEN=TOKEN)
    azure.requests.clear()
    report = rescued(server, *arguments, AZURE_AI_TOKEN=TOKEN)
    assert report["created"] == {}
    assert not [path for path in azure.requests if path.startswith("/threads/")]
    assert "/files/assistant-F1/content" not in azure.requests


def test_a_wrong_credential_is_reported(server, azure):
    arguments = ("rescue", "azure", "--endpoint", azure.endpoint)
    line = fail(*arguments, url=server.base_url, AZURE_AI_TOKEN="wrong")
    assert "HTTP 401: Unauthorized" in line
    assert "AZURE_AI_TOKEN" in fail(*arguments, url=server.base_url, status=2, AZURE_AI_TOKEN="")


def test_threads_can_be_named(server, azure, tmp_path):
    ids = tmp_path / "ids.txt"
    ids.write_text("thread_az\nthread_gone\n")
    arguments = ("azure", "--endpoint", azure.endpoint, "--thread-ids", str(ids))
    report = rescued(server, *arguments, AZURE_AI_TOKEN=TOKEN)
    assert report["created"]["thread"] == 1
    assert ["thread_gone"] in [one["examples"] for one in report["left_out"]]


def test_another_server_of_the_protocol_is_read_completely(start, upstream, server):
    source = start()
    fill(source, upstream)
    endpoint = f"{source.base_url}/api/v1"
    report = rescued(server, "openai", "--endpoint", endpoint, OPENAI_API_KEY="none")
    # Every server has its own default assistant.
    assert [one["id"] for one in report["problems"]] == ["asst_default"]
    assert report["left_out"] == []
    for store in server.client.vector_stores.list():
        settled(server.client, store.id)
    # What only an export has, such as how long a run took, is not served as an object.
    ours, theirs = (
        {
            f"{one['object']} {one['id']}": {**one, "threadkeeper": None}
            for one in objects_in(exported(http, content=True))
            if "id" in one
        }
        for http in (server.http, source.http)
    )
    assert set(theirs) <= set(ours)
    for key, one in theirs.items():
        if not key.startswith(("vector_store ", "vector_store.file ", "thread.run.step ")):
            assert ours[key] == one
