"""What `compose.yaml` puts together, as real processes: nginx with TLS, two servers, PostgreSQL,
Redis where there is one, a store that speaks S3."""

import re
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import select

from app.db.tables import messages, runs
from app.domain.run_status import TERMINAL
from tests.support.databases import fresh_database, postgresql_is_up
from tests.support.fake_upstream import FakeUpstream
from tests.support.heirs import environment
from tests.support.nginx import NEEDED, Nginx, nginx
from tests.support.replies import Reply
from tests.support.response_events import last_user_text
from tests.support.rows import connected
from tests.support.server import ForkedServer, ProcessServer
from tests.support.stream_reader import following, streaming
from tests.support.talk import error_of, text_of
from tests.support.topology import KEY, Load, busy, site_client
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.skipif(bool(NEEDED), reason=f"not installed: {', '.join(NEEDED)}"),
    pytest.mark.skipif(
        not postgresql_is_up(),
        reason="PostgreSQL can't be reached: set TEST_POSTGRES_URL to test with it",
    ),
]
REDIS = ("127.0.0.1", 6379)
PREFIX = "/openai-api"
CLIENTS_OF_A_KIND = 3
PAUSE = 0.01  # seconds between two deltas: long enough for a kill to meet answers under way


class Topology:
    """Two servers behind one nginx."""

    def __init__(self, front: Nginx, servers: list[ProcessServer], database_url: str) -> None:
        self.front = front
        self.servers = servers
        self.database_url = database_url


@pytest.fixture
def database_url(tmp_path) -> Iterator[str]:
    with fresh_database("postgresql", tmp_path) as url:
        yield url


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, str]]:
    """Settings of a bucket of S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    assert httpx.put(f"{address}/bucket").is_success
    yield {
        "FILES_URL": "s3://bucket/files",
        "AWS_ENDPOINT_URL": address,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key-of-a-test",
        "AWS_SECRET_ACCESS_KEY": "secret-of-a-test",
    }
    server.stop()


@pytest.fixture
def settings(database_url, upstream, bucket) -> dict[str, str]:
    return environment(
        database_url,
        upstream,
        API_KEYS=f'["site:{KEY}"]',
        TRUSTED_PROXIES='["127.0.0.1"]',
        **bucket,
        **({"REDIS_URL": "redis://{}:{}/0".format(*REDIS)} if redis_is_up() else {}),
    )


def redis_is_up() -> bool:
    try:
        socket.create_connection(REDIS, timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def begin(tmp_path, settings, database_url):
    """Start so many servers, and nginx in front of them."""
    with ExitStack() as stack:

        def start(count: int, more: dict[str, str] | None = None, **front: Any) -> Topology:
            servers: list[ProcessServer] = []
            server: ProcessServer
            for number in range(count):
                folder = tmp_path / f"server-{number + 1}"
                folder.mkdir()
                server = ForkedServer(folder, **{**settings, **(more or {})})
                stack.callback(server.kill)
                servers.append(server)
            for server in servers:
                server.wait_ready()
            addresses = [address(server) for server in servers]
            return Topology(
                stack.enter_context(nginx(tmp_path / "nginx", *addresses, **front)),
                servers,
                database_url,
            )

        yield start


def address(server: ProcessServer) -> str:
    return urlsplit(server.base_url).netloc


def paced(upstream: FakeUpstream) -> None:
    """Let the model answer word by word, over some time."""

    def answer(body: dict[str, Any]) -> Reply:
        first, *rest = f"Answer to: {last_user_text(body)}".split(" ")
        return Reply.text(first, *(f" {word}" for word in rest)).paced(PAUSE)

    upstream.reply_with(answer)


def test_one_of_two_servers_is_killed_under_load(begin, upstream):
    paced(upstream)
    both = begin(2)
    with busy(both.front, CLIENTS_OF_A_KIND) as load:
        answered(load, 40)
        both.servers[0].kill()
        seen = len(both.front.requests)
        answered(load, 40)
        lost = len(load.unanswered)
        answered(load, 40)
    # Those who were on their way to the killed server have noticed, and nobody after them.
    assert len(load.unanswered) == lost, load.unanswered
    assert len(load.unanswered) + load.resumed > 0, "the kill met nothing under way"
    before, after = both.front.requests[:seen], both.front.requests[seen:]
    assert all(any(address(server) in line for line in before) for server in both.servers)
    assert any(f"{address(both.servers[1])} 200" in line for line in after)
    everything_is_there_once(load, both.database_url)
    with load.client() as http:
        for file_id, content in load.files.items():
            assert http.get(f"/files/{file_id}/content").content == content


def answered(load: Load, more: int) -> None:
    goal = len(load.answered) + more
    wait_until(lambda: len(load.answered) >= goal, 60)


def everything_is_there_once(load: Load, database_url: str) -> None:
    """Every run has ended, what was accepted is there once, nothing is there twice."""
    wait_until(lambda: not unfinished(database_url))
    with connected(database_url) as connection:
        statuses = Counter(connection.scalars(select(runs.c.status)))
        said = connection.execute(select(messages.c.role, messages.c.content, messages.c.status))
        rows = [(role, text_of({"content": content}), status) for role, content, status in said]
    assert set(statuses) == {"completed"}
    assert {status for _, _, status in rows} == {"completed"}
    asked = Counter(text for role, text, _ in rows if role == "user")
    answers = Counter(text for role, text, _ in rows if role == "assistant")
    assert not [text for text in load.accepted if asked[text] != 1]
    # Of what was sent without an answer, some has arrived: once, too.
    assert set(asked.values()) == {1}
    assert answers == Counter(f"Answer to: {text}" for text in asked)


def unfinished(database_url: str) -> list[str]:
    with connected(database_url) as connection:
        wanted = select(runs.c.id).where(runs.c.status.not_in(TERMINAL))
        return list(connection.scalars(wanted))


def test_a_stream_goes_on_through_the_other_server(begin, upstream):
    upstream.reply(Reply.text("Never", " heard").stalled(after=6))
    both = begin(2)
    with site_client(both.front) as http:
        with streaming(http, "/chat", {"message": "hello there"}) as reader:
            # Both deltas are here while the model has not ended: nothing holds them back.
            first = [event for _ in range(2) if (event := reader.next())]
            assert [event.data["delta"] for event in first] == ["Never", " heard"]
            assert upstream.wait_stalled()
            headers = reader.response.headers
            path = f"/threads/{headers['x-thread-id']}/runs/{headers['x-run-id']}"
            # Of two idle servers nginx asks the first.
            both.servers[0].kill()
            with pytest.raises(httpx.TransportError):
                reader.rest()
        with following(http, path, reader.events[-1].id) as resumed:
            message = resumed.until("thread.message.completed").data
            assert text_of(message) == "Answer to: hello there"
            assert resumed.rest()[-1].name == "done"


def test_a_post_that_reached_a_server_is_not_sent_again(begin, upstream):
    upstream.reply(Reply.text("Never", " heard").stalled(after=6))
    both = begin(2)
    with ThreadPoolExecutor(1) as executor, site_client(both.front) as http:
        waiting = executor.submit(http.post, "/chat", json={"message": "hello there"})
        assert upstream.wait_stalled()
        both.servers[0].kill()
        answer = waiting.result()
    assert error_of(answer, 502)["code"] == "server_unreachable"
    assert answer.headers["x-should-retry"] == "false"
    wait_until(lambda: said(both.database_url)[1:])
    assert said(both.database_url) == [
        ("user", "hello there"),
        ("assistant", "Answer to: hello there"),
    ]


def said(database_url: str) -> list[tuple[str, str]]:
    with connected(database_url) as connection:
        found = connection.execute(select(messages.c.role, messages.c.content))
        return [(role, text_of({"content": content})) for role, content in found]


def test_a_body_that_is_too_large_is_refused_in_words(begin):
    front = begin(1).front
    with site_client(front) as http:
        # Threadkeeper's own limit, and nginx's, which lies a little above.
        for size in (4_500_000, 6_000_000):
            answer = http.post("/chat", json={"message": "x" * size})
            assert error_of(answer, 413)["code"] == "request_too_large"


def test_a_request_that_reached_no_server_may_be_sent_again(begin):
    one = begin(1)
    one.servers[0].kill()
    with site_client(one.front) as http:
        answer = http.post("/chat", json={"message": "hello"})
    assert error_of(answer, 502)["code"] == "server_unreachable"
    assert "x-should-retry" not in answer.headers


@pytest.mark.parametrize(
    ("trusted", "second"),
    [('["127.0.0.1"]', [200, 200, 429]), ("[]", [429, 429, 429])],
    ids=["trusted", "not trusted"],
)
def test_the_address_of_a_client_is_what_a_trusted_proxy_says(begin, trusted, second):
    """Each of two addresses may ask twice; what a client says of its own address counts nothing.

    Where nginx isn't trusted, all who come through it are one.
    """
    front = begin(1, {"RATE_LIMIT": "2/minute", "TRUSTED_PROXIES": trusted, "REDIS_URL": ""}).front
    for mine, expected in (("127.0.0.2", [200, 200, 429]), ("127.0.0.3", second)):
        transport = httpx.HTTPTransport(verify=front.verify, local_address=mine)
        with site_client(front, transport=transport) as http:
            answers = [
                http.get("/assistants", headers={"x-forwarded-for": f"192.0.2.{number}"})
                for number in range(3)
            ]
        assert [answer.status_code for answer in answers] == expected


@pytest.mark.parametrize("stripped", [False, True], ids=["kept", "stripped"])
def test_everything_is_served_under_a_prefix(begin, stripped):
    front = begin(1, {"ROOT_PATH": PREFIX}, root_path=PREFIX, stripped=stripped).front
    with httpx.Client(base_url=front.base_url, verify=front.verify) as http:
        assert http.get(PREFIX).headers["location"] == f"{PREFIX}/"
        welcome = http.get(f"{PREFIX}/").json()
        for name in ("docs", "openapi", "health"):
            assert http.get(urljoin(f"{PREFIX}/", welcome[name])).status_code == 200, name
        for page in ("chat", "docs", "widget/demo"):
            loads_all_of(http, f"{PREFIX}/{page}")
        assert http.get("/api/v1/health").status_code == 404
    base_url = f"{front.base_url}{PREFIX}"
    with site_client(front, base_url=base_url) as http:
        with streaming(http, "/chat", {"message": "hello there"}) as reader:
            assert reader.rest()[-1].data["message"] == "Answer to: hello there"
        answer = http.post("/files", files={"file": b"some"}, data={"purpose": "assistants"})
        assert http.get(f"/files/{answer.json()['id']}/content").content == b"some"


def loads_all_of(http: httpx.Client, address: str) -> None:
    """What a page loads is there, and is asked for under the prefix."""
    page = http.get(address)
    assert page.status_code == 200, (address, page.text)
    loaded = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', page.text)
    assert loaded
    for one in loaded:
        path = urlsplit(urljoin(str(page.url), one)).path
        assert path.startswith(f"{PREFIX}/"), one
        assert http.get(path).status_code == 200, one
