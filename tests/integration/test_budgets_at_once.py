"""Budgets of tokens bind runs that begin at once, and visitors have one of their own."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.callers import ORIGIN, session_of
from tests.support.replies import Reply
from tests.support.talk import ended, error_of
from tests.support.waiting import wait_until

KEY = "key-of-the-shop-123456"
CHATS = 24


@pytest.fixture
def opened(start, call_as):
    def begin(**settings):
        server = start(
            api_keys=[f"shop:{KEY}"],
            public_chat=True,
            public_project="shop",
            public_rate_limit="",
            cors_origins=[ORIGIN],
            **({"context_window": 1024} | settings),
        )
        return server, call_as(server, KEY)

    return begin


@pytest.fixture
def visit(call_as):
    def begin(server):
        visitor = call_as(server, origin=ORIGIN)
        return call_as(server, session_of(visitor), origin=ORIGIN)

    return begin


def spent(caller) -> int:
    total = caller.http.get("/usage").json()["total"]
    return int(total["total_tokens"])


def one_chat(caller) -> int:
    before = spent(caller)
    assert caller.http.post("/chat", json={"message": "once"}).is_success
    return spent(caller) - before


def test_chats_at_once_overspend_by_no_more_than_one(opened, upstream):
    _, shop = opened(token_budgets={"shop": 1000})
    cost = one_chat(shop)
    with ThreadPoolExecutor(CHATS) as clients:
        answers = list(
            clients.map(lambda _: shop.http.post("/chat", json={"message": "once"}), range(CHATS))
        )
    refused = [answer for answer in answers if not answer.is_success]
    assert refused, "a budget of four reservations has room for no more at once"
    codes = {error_of(answer, 429)["code"] for answer in refused}
    assert codes <= {"concurrent_runs_exceeded", "insufficient_quota"}
    assert spent(shop) <= 1000 + cost
    # What was reserved is free again.
    assert shop.http.post("/chat", json={"message": "once"}).is_success


def test_a_run_at_work_holds_its_share_until_it_ends(opened, upstream):
    _, shop = opened(token_budgets={"shop": 200})
    upstream.reply(Reply.text("Slow").stalled())
    thread = {"messages": [{"role": "user", "content": "hello"}]}
    run = shop.http.post(
        "/threads/runs", json={"assistant_id": "asst_default", "thread": thread}
    ).json()
    assert upstream.wait_stalled()
    refused = error_of(shop.http.post("/chat", json={"message": "x"}), 429)
    assert refused["code"] == "concurrent_runs_exceeded"
    assert "is reserved by active runs" in refused["message"]
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    shop.http.post(f"{path}/cancel")
    assert ended(shop.http, path)["status"] == "cancelled"
    assert shop.http.post("/chat", json={"message": "x"}).is_success


def test_small_limits_reserve_little(opened, upstream):
    _, shop = opened(token_budgets={"shop": 1000}, context_window=100_000)
    thread = {"messages": [{"role": "user", "content": "hello"}]}
    limits = {"max_prompt_tokens": 256, "max_completion_tokens": 256}
    body = {"assistant_id": "asst_default", "thread": thread}
    upstream.reply(*[Reply.text("Slow").stalled()] * 2)
    assert shop.http.post("/threads/runs", json={**body, **limits}).is_success
    assert shop.http.post("/threads/runs", json={**body, **limits}).is_success
    wait_until(lambda: len(upstream.requests) == 2)
    assert error_of(shop.http.post("/threads/runs", json={**body, **limits}), 429)
    upstream.release()


def test_visitors_share_a_budget_of_their_own(opened, visit, upstream):
    server, shop = opened(public_token_budget=1)
    first, second = visit(server), visit(server)
    assert shop.http.post("/chat", json={"message": "not a visitor"}).is_success
    assert first.http.post("/chat", json={"message": "hello"}).is_success
    for visitor in (first, second):
        error = error_of(visitor.http.post("/chat", json={"message": "more"}), 429)
        assert error["code"] == "insufficient_quota"
    assert shop.http.post("/chat", json={"message": "not a visitor"}).is_success
    assert shop.http.get("/usage").json()["total"]["runs"] == 3, "all of them are reported"


def test_a_visitors_message_has_a_limit(opened, visit, upstream):
    server, shop = opened(public_max_message=10)
    visitor = visit(server)
    assert visitor.http.post("/chat", json={"message": "열 글자까지 됩니다"}).is_success
    for stream in (False, True):
        body = {"message": "x" * 11, "stream": stream}
        error = error_of(visitor.http.post("/chat", json=body))
        assert (error["code"], error["param"]) == ("string_above_max_length", "message")
        assert "maximum length 10, but got a string with length 11" in error["message"]
    assert shop.http.post("/chat", json={"message": "x" * 11}).is_success
