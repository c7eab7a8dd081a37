"""`/metrics`: what the server tells Prometheus of itself."""

import socket

import httpx
import pytest
from prometheus_client.openmetrics import parser as openmetrics

from app.core.metrics import Metrics
from tests.support.figures import Figures
from tests.support.replies import Reply
from tests.support.stream_reader import streaming
from tests.support.talk import ended
from tests.support.waiting import wait_until

ASSISTANT = {"assistant_id": "asst_default"}
ASKED = {"thread": {"messages": [{"role": "user", "content": "a secret word"}]}}
FIRST_BYTE = "threadkeeper_upstream_first_byte_seconds_count"
TOTAL = "threadkeeper_upstream_duration_seconds_count"
RUNS_ENDED = "threadkeeper_runs_ended_total"


def settled(server, name: str, value: float, **labels: str) -> Figures:
    """Return a scrape in which the figure has this value: an answer is counted as it leaves."""

    def look() -> Figures | None:
        figures = Figures(server)
        return figures if figures.value(name, **labels) == value else None

    figures = wait_until(look)
    assert figures is not None
    return figures


def test_a_chat_is_counted(start, upstream):
    server = start(openai_model="model-a")
    reply = server.http.post("/chat", json={"message": "a secret word"}).json()
    request = {"method": "POST", "route": "/api/v1/chat"}
    figures = settled(server, "threadkeeper_http_requests_total", 1, **request, status="200")
    assert figures.value("threadkeeper_http_request_duration_seconds_count", **request) == 1
    assert figures.value(RUNS_ENDED, status="completed") == 1
    for kind in ("prompt", "completion"):
        used = figures.value("threadkeeper_tokens_total", model="model-a", kind=kind)
        assert used == reply["usage"][f"{kind}_tokens"] > 0
    assert figures.value(FIRST_BYTE, outcome="ok") == figures.value(TOTAL, outcome="ok") == 1
    assert figures.value("threadkeeper_runs_active") == 0
    assert figures.value("threadkeeper_runs_queued") == 0
    pools = figures.labels("threadkeeper_database_jobs_queued")
    assert pools == [{"pool": "write"}, {"pool": "read"}, {"pool": "search"}]
    assert figures.value("threadkeeper_build_info") == 1
    assert figures.value("process_resident_memory_bytes") > 0


def test_metrics_name_the_model_that_was_asked(start, upstream):
    server = start(openai_model="theirs", model_aliases={"theirs": "ours"})
    assert server.http.post("/chat", json={"message": "hi"}).is_success
    figures = Figures(server)
    assert {labels["model"] for labels in figures.labels("threadkeeper_tokens_total")} == {"ours"}


def test_a_streamed_run_is_seen_while_it_lasts(start, upstream):
    server = start()
    upstream.reply(Reply.text("So", " slow").stalled(after=5))
    with streaming(server.http, "/threads/runs", {**ASSISTANT, **ASKED}) as reader:
        reader.until("thread.message.delta")
        figures = Figures(server)
        assert figures.value("threadkeeper_event_streams_open") == 1
        assert figures.value("threadkeeper_runs_active") == 1
        upstream.release()
        reader.rest()
    figures = settled(server, "threadkeeper_event_streams_open", 0)
    assert figures.value("threadkeeper_runs_active") == 0
    assert figures.value(RUNS_ENDED, status="completed") == 1
    assert figures.value(FIRST_BYTE, outcome="ok") == 1
    assert figures.value("threadkeeper_http_requests_total", route="/api/v1/threads/runs") == 1


def test_a_stream_whose_reader_disconnected_is_not_counted_as_open(start, upstream):
    server = start()
    upstream.reply(Reply.text("So", " slow").stalled(after=5))
    with streaming(server.http, "/threads/runs", {**ASSISTANT, **ASKED}) as reader:
        reader.until("thread.message.delta")
    settled(server, "threadkeeper_event_streams_open", 0)
    upstream.release()
    settled(server, RUNS_ENDED, 1, status="completed")


@pytest.mark.parametrize(
    ("reply", "outcome", "retries"),
    [
        (Reply.http_error(500, headers={"retry-after-ms": "1"}), "server_error", 1),
        (Reply.http_error(429, headers={"retry-after-ms": "1"}), "rate_limit_exceeded", 1),
        (Reply.http_error(400), "invalid_prompt", 0),
    ],
    ids=["500", "429", "400"],
)
def test_failures_of_an_upstream_are_counted_by_kind(start, upstream, reply, outcome, retries):
    server = start(openai_max_retries=1)
    upstream.reply(*[reply] * (retries + 1))
    answer = server.http.post("/chat", json={"message": "hi"})
    assert answer.status_code in (502, 503)
    status = str(answer.status_code)
    figures = settled(server, "threadkeeper_http_requests_total", 1, status=status)
    assert figures.value(TOTAL, outcome=outcome) == figures.value(TOTAL) == 1
    # There was no answer whose beginning could have been timed.
    assert figures.value(FIRST_BYTE) == 0
    assert figures.value("threadkeeper_upstream_retries_total") == retries
    assert figures.value(RUNS_ENDED, status="failed") == figures.value(RUNS_ENDED) == 1
    assert figures.labels("threadkeeper_tokens_total") == []


def test_a_cancelled_run_ends_once(start, upstream):
    server = start()
    upstream.reply(Reply.text("So", " slow").stalled(after=5))
    run = server.http.post("/threads/runs", json={**ASSISTANT, **ASKED}).json()
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    assert upstream.wait_stalled()
    assert server.http.post(f"{path}/cancel").is_success
    assert ended(server.http, path)["status"] == "cancelled"
    figures = settled(server, TOTAL, 1, outcome="cancelled")
    assert figures.value(RUNS_ENDED, status="cancelled") == figures.value(RUNS_ENDED) == 1


def test_runs_that_wait_are_counted_wherever_they_wait(start, upstream):
    first, second = start(busy_thread="enqueue"), start(busy_thread="enqueue")
    upstream.reply(Reply.text("So", " slow").stalled(after=5))
    run = first.http.post("/threads/runs", json={**ASSISTANT, **ASKED}).json()
    assert upstream.wait_stalled()
    waiting = [first.http.post(f"/threads/{run['thread_id']}/runs", json=ASSISTANT).json()["id"]]
    waiting += [first.http.post(f"/threads/{run['thread_id']}/runs", json=ASSISTANT).json()["id"]]
    for server in (first, second):
        assert Figures(server).value("threadkeeper_runs_queued") == 2
    upstream.release()
    for run_id in waiting:
        path = f"/threads/{run['thread_id']}/runs/{run_id}"
        assert ended(first.http, path)["status"] == "completed"
    assert Figures(second).value("threadkeeper_runs_queued") == 0
    # Each server counts what it did itself: two in one process, too.
    assert settled(first, RUNS_ENDED, 3, status="completed")
    assert Figures(second).value(RUNS_ENDED) == 0


def test_no_label_tells_what_a_client_wrote(start, upstream):
    server = start()
    server.http.get("/threads/thread_of-mine/runs/run_of-mine?order=asc")
    server.http.get("/nowhere/of-mine")
    server.http.put("/threads/of-mine")
    server.http.post("/chat", json={"message": "of-mine"})
    with socket.create_connection(("127.0.0.1", int(server.base_url.rpartition(":")[2]))) as raw:
        raw.sendall(b"LOCK /of-mine HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert b" 404 " in raw.recv(4096)
    figures = settled(server, "threadkeeper_http_requests_total", 2, route="none", status="404")
    values = {value for sample in figures.samples for value in sample.labels.values()}
    assert not [value for value in values if "of-mine" in value]
    routes = {labels["route"] for labels in figures.labels("threadkeeper_http_requests_total")}
    assert "/api/v1/threads/{thread_id}/runs/{run_id}" in routes
    methods = {labels["method"] for labels in figures.labels("threadkeeper_http_requests_total")}
    assert methods <= {"GET", "PUT", "POST", "other"}


def test_models_and_methods_that_are_made_up_make_no_series_without_end():
    metrics = Metrics("1")
    metrics.runs.name_models(["model-7", "ours"])
    for number in range(1000):
        metrics.runs.used_tokens("u", f"model-{number}", 1, 2)
        metrics.requests.answered(f"BREW{number}", "/", 200, 0.1)
    text = metrics.exposition("")[0].decode()
    assert text.count("threadkeeper_tokens_total{") == 2 * 2
    assert 'threadkeeper_tokens_total{kind="completion",model="model-7",upstream="u"} 2.0' in text
    assert 'threadkeeper_tokens_total{kind="completion",model="other",upstream="u"} 1998.0' in text
    assert text.count("threadkeeper_http_requests_total{") == 1


def test_a_reader_gets_the_format_it_asks_for(start):
    address = f"{start().base_url}/metrics"
    plain = httpx.get(address)
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    accept = {"accept": "application/openmetrics-text; version=1.0.0; charset=utf-8"}
    newer = httpx.get(address, headers=accept)
    assert newer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    names = {family.name for family in openmetrics.text_string_to_metric_families(newer.text)}
    assert {"threadkeeper_http_requests", "threadkeeper_runs_queued"} <= names


def test_with_keys_metrics_need_one_and_readiness_none(start):
    server = start(api_keys='["shop:tk-of-the-shop-0123456789"]')
    address = f"{server.base_url}/metrics"
    assert httpx.get(address).status_code == 401
    assert httpx.get(address, headers={"authorization": "Bearer wrong"}).status_code == 401
    key = {"authorization": "Bearer tk-of-the-shop-0123456789"}
    assert "threadkeeper_http_requests_total" in httpx.get(address, headers=key).text
    assert httpx.get(f"{server.base_url}/api/v1/ready").status_code == 200
