"""`/ready`: whether a server should be sent requests, with each of its parts down for real."""

import logging
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import make_url

from app.core.openai_client import OpenAIClient
from app.domain.errors import ModelError
from tests.support.databases import POSTGRES_URL, fresh_database, postgresql_is_up
from tests.support.figures import Figures
from tests.support.interpreters import require_interpreter
from tests.support.model_server import ModelServer, model_server
from tests.support.openai_calls import upstream_at
from tests.support.server import ThreadServer, forked_server, thread_server
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

OFF = "The code interpreter is off (CODE_INTERPRETER=off)."
ALL_WELL = {
    "status": "ready",
    "database": "ok",
    "storage": "ok",
    "upstream": "ok",
    "code_interpreter": OFF,
}
APIS = {"custom": "responses"}
KEY = "sk-of-the-upstream"


def readiness_of(server: ThreadServer) -> tuple[int, dict[str, str]]:
    """Return what `/ready` answers: its status and what it says, but for the API."""
    response = httpx.get(f"{server.base_url}/api/v1/ready", timeout=30)
    assert server.base_url not in response.text and "127.0.0.1" not in response.text
    said = response.json()
    assert said.pop("apis", APIS) == APIS
    return response.status_code, said


def down(**parts: str) -> tuple[int, dict[str, str]]:
    return 503, {**ALL_WELL, "status": "not_ready", **parts}


@pytest.fixture
def models() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


def test_a_server_that_has_what_it_needs_is_ready(start):
    server = start()
    assert readiness_of(server) == (200, ALL_WELL)
    figures = Figures(server)
    for component in ("database", "storage", "upstream"):
        assert figures.value("threadkeeper_component_up", component=component) == 1


def test_the_demo_model_is_always_there(start):
    assert readiness_of(start(openai_base_url="", openai_api_key="")) == (200, ALL_WELL)


@pytest.mark.parametrize(
    ("status", "said"),
    [(200, "ok"), (404, "ok"), (429, "ok"), (500, "unreachable"), (503, "unreachable")],
)
def test_a_model_server_that_answers_is_reachable(start, models, status, said):
    models.status = status
    ready = (200, ALL_WELL) if said == "ok" else down(upstream=said)
    assert readiness_of(start(openai_base_url=models.base_url)) == ready
    assert models.asked[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (404, '{"detail":"Not Found"}', "not_found"),
        (405, "", "not_found"),
        (501, "Unsupported method", "not_found"),
        (200, "<!doctype html><title>Some page</title>", "not_found"),
        # LM Studio
        (200, '{"error":"Unexpected endpoint or method. (POST /responses)"}', "not_found"),
        (401, "", "refused"),
        (403, "", "refused"),
        (400, '{"detail":"model is required"}', "ok"),
        (404, '{"error":{"message":"model \'\' not found"}}', "ok"),
        (415, "", "ok"),
        (422, '{"detail":[]}', "ok"),
        (500, "", "ok"),
    ],
)
def test_the_responses_api_is_looked_for(start, models, caplog, status, answer, said):
    models.responses = (status, answer)
    ready = (200, ALL_WELL) if said == "ok" else down(upstream=said)
    with caplog.at_level(logging.INFO):
        assert readiness_of(start(openai_base_url=models.base_url)) == ready
    assert ("most end with /v1" in caplog.text) == (said == "not_found")
    # Then the other API is looked for.
    assert models.probed == (2 if said == "not_found" else 1)


def test_the_api_in_use_is_named(start, upstream):
    def apis(**settings: Any) -> Any:
        server = start(openai_base_url=upstream.base_url, **settings)
        return httpx.get(f"{server.base_url}/api/v1/ready", timeout=30).json().get("apis")

    assert apis() == {"custom": "responses"}
    upstream.lacks("responses")
    assert apis() == {"custom": "chat_completions"}
    assert apis(openai_api="chat_completions") == {"custom": "chat_completions"}
    upstream.lacks("responses", "chat_completions")
    assert apis() is None


def test_a_base_url_without_the_version_is_reported_until_it_works(start, models):
    server = start(openai_base_url=models.base_url.removesuffix("/v1"))
    assert readiness_of(server) == down(upstream="not_found")
    assert Figures(server).value("threadkeeper_component_up", component="upstream") == 0


async def test_a_path_that_was_found_is_not_asked_for_again_until_a_call_misses_it(models):
    model = OpenAIClient(upstream_at(models.base_url, key=KEY))
    assert [await model.reach(10), await model.reach(10)] == ["ok", "ok"]
    assert models.probed == 1
    models.responses = (404, '{"detail":"Not Found"}')
    with pytest.raises(ModelError, match="OPENAI_BASE_URL"):
        await anext(model.events({"model": "m", "input": "hi"}, stream=False))
    assert await model.reach(10) == "not_found"
    assert models.probed == 2
    await model.close()


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_reported_but_never_shown(start, models, caplog, status):
    models.status = status
    with caplog.at_level(logging.INFO):
        assert readiness_of(start(openai_base_url=models.base_url)) == down(upstream="refused")
    place = f"custom ({models.base_url})"
    assert f"the upstream {place} refuses the key: check OPENAI_API_KEY" in caplog.messages
    assert KEY not in caplog.text


def test_a_model_server_that_is_gone_is_unreachable(start, models):
    server = start(openai_base_url=models.base_url)
    models.stop()
    assert readiness_of(server) == down(upstream="unreachable")
    assert Figures(server).value("threadkeeper_component_up", component="upstream") == 0
    # What needs no model still works: the process is alive.
    assert server.http.get("/health").is_success


def test_a_check_that_hangs_does_not_hold_the_answer_up(start, models):
    server = start(openai_base_url=models.base_url)
    models.lists.clear()
    began = time.monotonic()
    assert readiness_of(server) == down(upstream="unreachable")
    assert time.monotonic() - began < 10


def test_many_requests_at_once_cause_one_check(start, models):
    server = start(openai_base_url=models.base_url)
    with ThreadPoolExecutor(20) as executor:
        answers = executor.map(lambda _: server.http.get("/ready").json(), range(40))
        assert list(answers) == [{**ALL_WELL, "apis": APIS}] * 40
    assert len(models.asked) <= 2


def test_an_unwritable_folder_is_reported_until_it_is_writable(start, tmp_path):
    folder = tmp_path / "kept"
    server = start(files_url=str(folder))
    shutil.rmtree(folder)
    folder.write_text("no folder any more")
    assert readiness_of(server) == down(storage="unavailable")
    folder.unlink()
    folder.mkdir()
    wait_until(lambda: readiness_of(server) == (200, ALL_WELL))


@pytest.fixture
def s3(monkeypatch) -> Iterator[ThreadedMotoServer]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-a-test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-a-test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    assert httpx.put(f"http://{host}:{port}/bucket").is_success
    yield server
    server.stop()


def test_a_bucket_is_storage(start, s3):
    assert readiness_of(start(files_url="s3://bucket/prefix")) == (200, ALL_WELL)


def test_a_missing_bucket_is_reported(start, s3):
    assert readiness_of(start(files_url="s3://bucket-of-nobody/prefix")) == down(
        storage="unavailable"
    )


def test_a_lost_object_store_is_reported(start, s3):
    server = start(files_url="s3://bucket")
    s3.stop()
    assert readiness_of(server) == down(storage="unavailable")


def test_a_lost_database_is_reported_until_it_is_back(upstream, tmp_path):
    if not postgresql_is_up():
        pytest.skip("only PostgreSQL can go away: SQLite is a file that stays open")
    address = make_url(POSTGRES_URL)
    proxy = TcpProxy((address.host or "127.0.0.1", address.port or 5432))
    with fresh_database("postgresql", tmp_path) as url:
        way = make_url(url).set(host="127.0.0.1", port=proxy.port)
        settings = {
            "database_url": way.render_as_string(hide_password=False),
            "files_url": str(tmp_path / "files"),
            "openai_base_url": upstream.base_url,
            "openai_api_key": KEY,
            "shutdown_seconds": 1,
        }
        with thread_server(**settings) as server:
            proxy.cut()
            assert readiness_of(server) == down(database="unavailable")
            # The other figures are still to be had: now they are needed most.
            figures = Figures(server)
            assert figures.value("threadkeeper_component_up", component="database") == 0
            queued = figures.value("threadkeeper_runs_queued")
            assert queued != queued, "not a number"
            proxy.mend()
            wait_until(lambda: readiness_of(server) == (200, ALL_WELL))
            assert Figures(server).value("threadkeeper_runs_queued") == 0
    proxy.cut()


def refuses(base_url: str) -> bool:
    address = httpx.URL(base_url)
    try:
        socket.create_connection((address.host, address.port or 80), timeout=1).close()
    except OSError:
        return True
    return False


def test_a_server_that_stops_says_so_on_the_connections_it_has(models, tmp_path):
    environment = {
        "DATABASE_URL": f"sqlite:///{(tmp_path / 'test.db').as_posix()}",
        "OPENAI_BASE_URL": models.base_url,
        "OPENAI_API_KEY": KEY,
        "OPENAI_MAX_RETRIES": "0",
        "SHUTDOWN_SECONDS": "20",
    }
    models.lists.clear()
    models.answers.clear()
    with forked_server(tmp_path, **environment) as server, httpx.Client() as kept_alive:
        thread = {"messages": [{"role": "user", "content": "hello"}]}
        body = {"assistant_id": "asst_default", "thread": thread}
        assert server.http.post("/threads/runs", json=body).is_success
        assert kept_alive.get(f"{server.base_url}/api/v1/health").is_success
        answers: list[httpx.Response] = []
        ready = f"{server.base_url}/api/v1/ready"
        asking = threading.Thread(target=lambda: answers.append(kept_alive.get(ready, timeout=30)))
        asking.start()
        # The check is under way when the signal comes, and ends after it.
        wait_until(lambda: models.asked)
        server.terminate()
        wait_until(lambda: refuses(server.base_url))
        models.lists.set()
        asking.join(30)
        assert [answer.status_code for answer in answers] == [503]
        assert answers[0].json() == {**ALL_WELL, "status": "draining", "apis": APIS}
        models.answers.set()
        server.wait()


def test_a_server_without_a_code_interpreter_is_ready_and_says_why(start):
    status, answer = readiness_of(
        start(code_interpreter="auto", code_interpreter_python="/nowhere")
    )
    assert (status, answer["status"]) == (200, "ready")
    assert answer["code_interpreter"].startswith("The code interpreter is off: ")


def test_a_server_with_a_code_interpreter_says_so(start):
    require_interpreter()
    assert readiness_of(start(code_interpreter="auto")) == (
        200,
        {**ALL_WELL, "code_interpreter": "ok"},
    )
