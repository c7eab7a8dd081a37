"""Answers that are cut on their way: OpenAI's stock SDKs repeat the request, and nothing is done
twice."""

from urllib.parse import urlsplit

import pytest

from tests.conftest import StartServer
from tests.support.cut_series import series
from tests.support.cutting_proxy import MOMENTS, Address, Cutting, Moment, cutting_proxy
from tests.support.repeated_kinds import KINDS, Kind, answer
from tests.support.repeats import wait_until_repeats_are_known
from tests.support.server import ThreadServer

pytestmark = pytest.mark.anyio
REQUESTS = 8
# Once the headers have arrived, the SDKs leave a stream to the program.
OF_STREAMS: tuple[Moment, ...] = tuple(moment for moment in MOMENTS if moment != "body")


@pytest.fixture(scope="module")
def servers(database_kind: str, start_shared: StartServer) -> list[ThreadServer]:
    """Two servers of one database, if that is PostgreSQL."""
    started = [start_shared() for _ in range(2 if database_kind == "postgresql" else 1)]
    for server in started:
        wait_until_repeats_are_known(server.http)
    return started


def address(server: ThreadServer) -> Address:
    parts = urlsplit(server.base_url)
    assert parts.hostname and parts.port
    return parts.hostname, parts.port


def moments(kind: Kind) -> tuple[Moment, ...]:
    return OF_STREAMS if kind.streamed else MOMENTS


@pytest.mark.parametrize("cuts", [1, 2])
@pytest.mark.parametrize("name", KINDS)
async def test_each_request_is_executed_once(name, cuts, servers, upstream, shared_database_url):
    """Each goes to another server than the one before it."""
    upstream.reply_with(answer)
    kind = KINDS[name]
    cutting = Cutting(moments(kind), cuts=cuts)
    with cutting_proxy([address(server) for server in servers], cutting.decide) as proxy:
        told = await series(
            kind, shared_database_url, servers[0].base_url, proxy.base_url, REQUESTS
        )
    assert told.failures == []
    assert (told.created, told.distinct, told.incomplete) == (REQUESTS, REQUESTS, 0)
    assert cutting.cut.total() == REQUESTS * cuts
