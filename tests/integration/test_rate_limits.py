"""How often somebody may call: by key and address, in this process or in Redis by several."""

import logging
import secrets
import socket
import time

import openai
import pytest
import redis

from tests.support.callers import ORIGIN, session_of
from tests.support.operations import operations
from tests.support.talk import error_of
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

REDIS = ("127.0.0.1", 6379)
# None of others': and nothing in it is touched but what the keys of these tests make.
NUMBER = 13
HEADERS = ("limit", "remaining", "reset")


def new_keys() -> tuple[str, str]:
    """Return keys that nobody has counted before, of two projects."""
    return f"key-{secrets.token_hex(12)}", f"key-{secrets.token_hex(12)}"


@pytest.fixture
def keys():
    return new_keys()


@pytest.fixture
def opened(start, call_as, keys):
    """Start with these settings; return callers with each of the keys, and one without."""

    def begin(**settings):
        entries = [f"{name}:{key}" for name, key in zip(("shop", "cafe"), keys, strict=True)]
        server = start(api_keys=entries, cors_origins=[ORIGIN], **settings)
        return [call_as(server, key) for key in (*keys, None)]

    return begin


@pytest.fixture
def redis_url():
    try:
        socket.create_connection(REDIS, timeout=1).close()
    except OSError:
        pytest.skip("Redis can't be reached at 127.0.0.1:6379")
    yield f"redis://127.0.0.1:6379/{NUMBER}"


def limits_of(answer) -> list[str]:
    return [answer.headers[f"x-ratelimit-{name}-requests"] for name in HEADERS]


def statuses(caller, count: int, **options) -> list[int]:
    return [caller.http.get("/threads", **options).status_code for _ in range(count)]


def test_one_too_many_is_refused(opened):
    shop, cafe, _ = opened(rate_limit="3/hour")
    for left in ("2", "1", "0"):
        answer = shop.http.get("/threads")
        assert answer.is_success
        limit, remaining, reset = limits_of(answer)
        assert (limit, remaining) == ("3", left)
        assert reset.endswith("s") and 0 < int(reset[:-1]) <= 3600
    refused = shop.http.get("/threads", headers={"origin": ORIGIN})
    error = error_of(refused, 429)
    assert (error["type"], error["param"], error["code"]) == (
        "requests",
        None,
        "rate_limit_exceeded",
    )
    seconds = int(refused.headers["retry-after"])
    assert 3500 < seconds <= 3600
    assert error["message"] == f"Rate limit reached: 3/hour. Please try again in {seconds}s."
    assert limits_of(refused)[:2] == ["3", "0"]
    # A page may read all of it.
    assert refused.headers["access-control-allow-origin"] == ORIGIN
    exposed = refused.headers["access-control-expose-headers"]
    assert {"retry-after", *(f"x-ratelimit-{name}-requests" for name in HEADERS)} <= {
        name.strip() for name in exposed.split(",")
    }
    # Another key has its own.
    assert statuses(cafe, 4) == [200, 200, 200, 429]


def test_every_answer_is_counted_whatever_it_is(opened):
    shop, *_ = opened(rate_limit="6/hour")
    http = shop.http
    answers = [
        http.post("/chat", json={"message": "x"}),
        http.post("/chat", json={"message": "x", "stream": True}),
        http.get("/threads/thread_none"),
        http.post("/chat", json={}),
        http.post("/chat", content=b"{", headers={"content-type": "application/json"}),
        http.get("/threads", params={"limit": "many"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 400, 400, 400]
    assert [limits_of(answer)[1] for answer in answers] == ["5", "4", "3", "2", "1", "0"]
    # What is refused is refused before it is read, and does nothing.
    error_of(http.post("/chat", content=b"{"), 429)


def test_what_watches_a_server_is_never_counted(opened):
    shop, _, nobody = opened(rate_limit="1/hour", public_rate_limit="1/hour")
    assert statuses(shop, 2) == [200, 429]
    for path in (
        "/",
        "/docs",
        "/openapi.json",
        "/api/v1/health",
        "/api/v1/ready",
        "/api/v1/access",
    ):
        for caller in (shop, nobody):
            for _ in range(3):
                answer = caller.http.get(caller.http.base_url.join(path))
                assert answer.status_code in (200, 503)
                assert "x-ratelimit-limit-requests" not in answer.headers
    guarded = [each for each in operations() if "limit" in each.queries]
    assert {each.send(shop.http).status_code for each in guarded} == {429}


def test_wrong_keys_are_counted_by_address(opened):
    shop, _, nobody = opened(rate_limit="3/hour")
    tried = [
        nobody.http.get("/threads", headers={"authorization": f"Bearer guess-{number}"})
        for number in range(3)
    ]
    assert [answer.status_code for answer in tried] == [401, 401, 401]
    assert limits_of(tried[-1])[1] == "0"
    for headers in ({"authorization": "Bearer another-guess"}, {}):
        error_of(nobody.http.get("/threads", headers=headers), 429)
    # Who has a key is not kept out by that.
    assert statuses(shop, 3) == [200] * 3


def test_wrong_keys_are_limited_without_any_setting(opened, monkeypatch):
    monkeypatch.setattr("app.api.guard._WRONG_KEYS", "3/hour")
    shop, _, nobody = opened()
    wrong = {"authorization": "Bearer guess"}
    answers = [nobody.http.get("/threads", headers=wrong).status_code for _ in range(4)]
    assert answers == [401, 401, 401, 429]
    # A request without a key guesses nothing, and who has a key goes on.
    assert nobody.http.get("/threads").status_code == 401
    assert statuses(shop, 5) == [200] * 5


@pytest.mark.parametrize("off", ["", "0"])
def test_without_the_setting_there_is_no_end(opened, off):
    shop, *_ = opened(rate_limit=off)
    assert statuses(shop, 30) == [200] * 30
    assert "x-ratelimit-limit-requests" not in shop.http.get("/threads").headers


@pytest.mark.parametrize(
    ("rate", "limit"),
    [("2/hour;100/day", "2"), ("100/second;2/day", "2"), ("2 per hour, 3 per day", "2")],
)
def test_of_several_limits_the_tightest_counts(opened, rate, limit):
    shop, *_ = opened(rate_limit=rate)
    assert statuses(shop, 4) == [200, 200, 429, 429]
    refused = shop.http.get("/threads")
    assert limits_of(refused)[:2] == [limit, "0"]
    assert rate in refused.json()["error"]["message"]


def test_it_is_over_when_it_says_so(opened):
    shop, *_ = opened(rate_limit="2/2 second")
    assert 429 in statuses(shop, 5)
    refused = shop.http.get("/threads")
    seconds = int(refused.headers.get("retry-after", "2"))
    assert seconds in (1, 2)
    begun = time.monotonic()
    wait_until(lambda: shop.http.get("/threads").is_success, 10)
    # What was refused is not counted again: it would never end.
    assert time.monotonic() - begun <= seconds + 1.5


def test_open_servers_count_by_address(start, call_as):
    server = start(allow_open=True, rate_limit="2/hour")
    # A key that is not looked at begins no new account.
    made = [call_as(server, f"sk-{number}") for number in range(3)]
    answers = [caller.http.get("/threads").status_code for caller in made]
    assert answers == [200, 200, 429]


FORWARDED = "x-forwarded-for"


def test_an_address_is_believed_from_trusted_proxies_alone(opened):
    shop, *_ = opened(rate_limit="2/hour", trusted_proxies=["127.0.0.1", "10.0.0.0/8"])
    one = {FORWARDED: "192.0.2.1"}
    assert statuses(shop, 3, headers=one) == [200, 200, 429]
    # What a client says of itself stands on the left, and counts nothing.
    for claimed in ("198.51.100.9, 192.0.2.1", "192.0.2.1, 10.1.2.3", "x, 192.0.2.1,127.0.0.1"):
        assert statuses(shop, 1, headers={FORWARDED: claimed}) == [429]
    assert statuses(shop, 3, headers={FORWARDED: "192.0.2.2"}) == [200, 200, 429]
    assert statuses(shop, 1, headers={FORWARDED: "2001:db8::7"}) == [200]
    # Nobody between: the proxy itself.
    assert statuses(shop, 1) == [200]


def test_addresses_of_one_ipv6_network_are_counted_together(opened):
    """Whoever has one such address has 2^64 of them."""
    shop, *_ = opened(rate_limit="2/hour", trusted_proxies=["127.0.0.1"])
    for address in ("2001:db8:1:2::7", "2001:db8:1:2:ffff::1"):
        assert statuses(shop, 1, headers={FORWARDED: address}) == [200]
    assert statuses(shop, 1, headers={FORWARDED: "2001:DB8:1:2::8"}) == [429]
    assert statuses(shop, 1, headers={FORWARDED: "2001:db8:1:3::7"}) == [200]


@pytest.mark.parametrize("trusted", [[], ["10.0.0.0/8"]])
def test_an_address_that_anybody_claims_is_not_believed(opened, trusted):
    shop, *_ = opened(rate_limit="2/hour", trusted_proxies=trusted)
    claims = [{FORWARDED: f"192.0.2.{number}"} for number in range(4)]
    assert [statuses(shop, 1, headers=claim)[0] for claim in claims] == [200, 200, 429, 429]


def test_visitors_are_counted_by_address(start, call_as):
    server = start(
        api_keys=["web:key-of-the-web-12345"],
        public_chat=True,
        public_rate_limit="4/hour",
        trusted_proxies=["127.0.0.1"],
        cors_origins=[ORIGIN],
    )
    page = call_as(server)
    here, there = ({FORWARDED: f"192.0.2.{number}"} for number in (1, 2))
    first, second = (session_of(page, **here) for _ in range(2))
    # A new session is no new account, and neither is a renewal.
    assert statuses(call_as(server, first), 1, headers=here) == [200]
    assert statuses(call_as(server, second), 2, headers=here) == [200, 429]
    refused = page.http.post("/chat/sessions", headers={"origin": ORIGIN, **here})
    assert error_of(refused, 429)["code"] == "rate_limit_exceeded"
    assert refused.headers["retry-after"]
    # What it may not do is counted too.
    other = call_as(server, session_of(page, **there))
    error_of(other.http.get("/files", headers=there), 403)
    assert statuses(other, 3, headers=there) == [200, 200, 429]
    # Who has a key is under another limit: here, none.
    assert statuses(call_as(server, "key-of-the-web-12345"), 6, headers=here) == [200] * 6


def test_the_sdk_waits_and_asks_again(opened):
    shop, *_ = opened(rate_limit="1/second")
    shop.http.get("/threads")
    with pytest.raises(openai.RateLimitError) as caught:
        for _ in range(20):
            shop.client.beta.assistants.list()
    assert caught.value.code == "rate_limit_exceeded"
    assert shop.client.with_options(max_retries=5).beta.assistants.list().data


def test_two_servers_count_together_in_redis(start, call_as, keys, redis_url):
    entries = [f"shop:{keys[0]}", f"cafe:{keys[1]}"]
    servers = [start(api_keys=entries, rate_limit="4/hour", redis_url=redis_url) for _ in range(2)]
    one, other = (call_as(server, keys[0]) for server in servers)
    assert statuses(one, 2) + statuses(other, 3) + statuses(one, 1) == [200] * 4 + [429] * 2
    assert statuses(call_as(servers[1], keys[1]), 1) == [200]
    # A restart forgets nothing, and no key stands there.
    servers[0].stop()
    again = start(api_keys=entries, rate_limit="4/hour", redis_url=redis_url)
    assert statuses(call_as(again, keys[0]), 1) == [429]
    with redis.Redis(host=REDIS[0], port=REDIS[1], db=NUMBER) as store:
        names = [name.decode() for name in store.scan_iter()]
    assert names and all("threadkeeper" in name for name in names)
    assert not any(key in name for name in names for key in keys)


def test_when_redis_is_away_each_counts_by_itself(opened, redis_url, caplog):
    caplog.set_level(logging.INFO)
    proxy = TcpProxy(REDIS)
    shop, cafe, _ = opened(
        rate_limit="3/hour", redis_url=f"redis://127.0.0.1:{proxy.port}/{NUMBER}"
    )
    try:
        assert statuses(shop, 2) == [200, 200]
        proxy.cut()
        # Neither an error nor an open door.
        assert statuses(shop, 4) == [200, 200, 200, 429]
        failures = [record for record in caplog.records if "Redis failed" in record.getMessage()]
        assert len(failures) == 1 and failures[0].levelno == logging.ERROR
    finally:
        proxy.mend()
    # It is asked again after a while: there, one of three is left.
    wait_until(lambda: shop.http.get("/threads").is_success, 20)
    assert statuses(shop, 1) == [429]
    assert statuses(cafe, 4) == [200, 200, 200, 429]
    proxy.cut()


@pytest.mark.parametrize("kind", ["redis", "unix"])
def test_without_redis_each_server_counts_alone(opened, caplog, tmp_path, kind):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}/0"
    url = f"redis://{address}" if kind == "redis" else f"unix://{tmp_path}/none.sock"
    shop, *_ = opened(rate_limit="2/hour", redis_url=url)
    assert statuses(shop, 3) == [200, 200, 429]
    assert "Redis failed" in caplog.text
