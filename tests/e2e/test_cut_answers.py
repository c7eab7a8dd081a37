"""Answers that are cut on their way: OpenAI's stock SDKs repeat the request, and nothing is done
twice."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.conftest import StartServer
from tests.support.cut_series import counted_rows, series
from tests.support.cutting_proxy import Cutting, address_of, cutting_proxy
from tests.support.heirs import environment, succession
from tests.support.node_packages import packages, run_node
from tests.support.repeated_kinds import BEFORE_THE_BODY, KINDS, answer
from tests.support.repeats import counted, made, wait_until_repeats_are_known
from tests.support.replies import Reply
from tests.support.server import ThreadServer
from tests.support.talk import texts
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio
NODE_PROGRAM = Path(__file__).parents[1] / "support" / "node" / "cut.mjs"
NODE_PACKAGE = "openai@^6.49.0"
# What the Node program can do.
NODE_KINDS = [
    name
    for name in KINDS
    if name not in ("streamed chat", "chat on a thread", "streamed tool outputs")
]
REQUESTS = 8


@pytest.fixture(scope="module")
def servers(database_kind: str, start_shared: StartServer) -> list[ThreadServer]:
    """Two servers of one database, if that is PostgreSQL."""
    started = [start_shared() for _ in range(2 if database_kind == "postgresql" else 1)]
    for server in started:
        wait_until_repeats_are_known(server.http)
    return started


@pytest.fixture(scope="session")
def sdk(tmp_path_factory) -> Path:
    """A folder in which the Node SDK is installed, outside of the repository."""
    return packages(tmp_path_factory, NODE_PACKAGE)


@pytest.mark.parametrize("cuts", [1, 2])
@pytest.mark.parametrize("name", KINDS)
async def test_each_request_is_executed_once(name, cuts, servers, upstream, shared_database_url):
    """Each goes to another server than the one before it."""
    upstream.reply_with(answer)
    kind = KINDS[name]
    cutting = Cutting(kind.moments, cuts=cuts)
    with cutting_proxy(
        [address_of(server.base_url) for server in servers], cutting.decide
    ) as proxy:
        reported = await series(
            kind, shared_database_url, servers[0].base_url, proxy.base_url, REQUESTS
        )
    assert reported.failures == []
    assert (reported.created, reported.distinct, reported.incomplete) == (REQUESTS, REQUESTS, 0)
    assert cutting.cut.total() == REQUESTS * cuts


@pytest.mark.parametrize("name", NODE_KINDS)
async def test_the_node_sdk_does_nothing_twice(name, sdk, servers, upstream, shared_database_url):
    upstream.reply_with(answer)
    # It does not repeat a request whose headers were answered.
    cutting = Cutting(BEFORE_THE_BODY)
    before = counted_rows(KINDS[name], shared_database_url)
    with cutting_proxy(
        [address_of(server.base_url) for server in servers], cutting.decide
    ) as proxy:
        ran = await asyncio.to_thread(
            run_node,
            sdk,
            *(NODE_PROGRAM, sdk, servers[0].base_url, proxy.base_url),
            *(name, str(REQUESTS), str(REQUESTS)),
        )
    assert ran.returncode == 0, ran.stderr
    reported = json.loads(ran.stdout)
    assert reported["failures"] == []
    assert counted_rows(KINDS[name], shared_database_url) - before == REQUESTS
    assert len(set(reported["ids"])) == REQUESTS
    assert cutting.cut.total() == REQUESTS


def test_a_chat_survives_its_server(tmp_path, empty_database_url, upstream):
    """The server is killed before it has answered; the repeat reaches another, which goes on."""
    with (
        succession(tmp_path, environment(empty_database_url, upstream)) as servers,
        ThreadPoolExecutor() as executor,
    ):
        http = servers.first.http
        body = {"message": "Are you there?", "thread_id": made(http, "/threads", {}, {})["id"]}
        upstream.reply(Reply.text("Yes").stalled(after=2), Reply.text("Yes."))
        lost = executor.submit(made, http, "/chat", body, counted(0))
        assert upstream.wait_stalled()
        heir = servers.kill_first()
        with pytest.raises(httpx.TransportError):
            lost.result(WAIT_SECONDS)
        assert made(heir.http, "/chat", body, counted(1))["message"] == "Yes."
        said = texts(heir.http, body["thread_id"])
    assert said == [("user", "Are you there?"), ("assistant", "Yes.")]
