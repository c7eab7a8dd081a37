"""Routes and the OpenAPI document are made when they are first needed, beside other requests."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest

from app.api import openapi
from app.api.json_body import Handler, JsonRoute
from app.schemas.assistants import AssistantCreate
from tests.support.waiting import WAIT_SECONDS

ROUTES = 100


def test_requests_are_answered_while_the_document_is_made(start, monkeypatch):
    begun, released = Event(), Event()
    complete = openapi.completed

    def completed(document: dict[str, Any]) -> dict[str, Any]:
        begun.set()
        assert released.wait(WAIT_SECONDS)
        return complete(document)

    monkeypatch.setattr(openapi, "completed", completed)
    http = start().http
    address = http.base_url.join("/openapi.json")
    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(http.get, address) for _ in range(3)]
        try:
            assert begun.wait(WAIT_SECONDS)
            assert http.get("/health", timeout=WAIT_SECONDS / 2).json()["status"] == "ok"
            assert not any(one.done() for one in asked)
        finally:
            released.set()
        answers = [one.result() for one in asked]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert "/api/v1/chat" in answers[0].json()["paths"]


@pytest.fixture
def _threads_take_turns_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_threads_take_turns_often")
def test_two_threads_build_the_same_routes():
    built: list[str] = []

    class Route(JsonRoute):
        def get_route_handler(self) -> Handler:
            built.append(self.name)
            return super().get_route_handler()

    def endpoint() -> Callable[..., Any]:
        async def create(body: AssistantCreate, after: str | None = None) -> AssistantCreate:
            return body

        return create

    routes = [
        Route(f"/{n}", endpoint(), methods=["POST"], name=f"route {n}") for n in range(ROUTES)
    ]
    both = Barrier(2)

    def use() -> list[object]:
        used: list[object] = []
        for route in routes:
            both.wait(WAIT_SECONDS)
            # The last that the framework sets, and one of the first.
            used.append((route.app, route.dependant))
        return used

    with ThreadPoolExecutor(2) as threads:
        one, other = [future.result() for future in [threads.submit(use), threads.submit(use)]]
    assert one == other
    assert built == [route.name for route in routes]
    with pytest.raises(AttributeError, match="unknown"):
        _ = routes[0].unknown
