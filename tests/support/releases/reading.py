"""Reads everything that the API says about the recorded objects."""

from typing import Any

import httpx

from tests.support.releases.folder import Answer, SeenEvent
from tests.support.releases.story import Stage, seen
from tests.support.searches import CONTENT
from tests.support.stream_reader import following

# Runs of these statuses still emit events: a reader of theirs comes to no end.
_UNSETTLED = ("queued", "in_progress")


class Reader:
    """Collects what one caller is answered and sent."""

    def __init__(self, name: str, http: httpx.Client) -> None:
        self.answers: list[Answer] = []
        self.events: list[SeenEvent] = []
        self._name = name
        self._http = http

    def get(self, path: str, **params: Any) -> Any:
        answer = self._http.get(path, params=params)
        assert answer.is_success, answer.text
        body = answer.json()
        self.answers.append(Answer(self._name, path, params, body))
        return body

    def page(self, path: str, **params: Any) -> list[dict[str, Any]]:
        body = self.get(path, order="asc", limit=100, **params)
        assert not body["has_more"], path
        items: list[dict[str, Any]] = body["data"]
        return items

    def threads(self) -> None:
        for thread in self.page("/threads"):
            path = f"/threads/{thread['id']}"
            if self._name != "visitor":
                self.get(path)
            self.page(f"{path}/messages")
            for run in self.page(f"{path}/runs"):
                self._run(f"{path}/runs/{run['id']}", run["status"])

    def _run(self, path: str, status: str) -> None:
        self.page(f"{path}/steps", **{"include[]": CONTENT})
        # A visitor isn't sent a run's instructions, and the reader recognises runs by them.
        if status not in _UNSETTLED and self._name != "visitor":
            with following(self._http, path) as reader:
                self.events += seen(path, reader.rest())

    def stores(self) -> None:
        for store in self.page("/vector_stores"):
            path = f"/vector_stores/{store['id']}"
            for file in self.page(f"{path}/files"):
                self.get(f"{path}/files/{file['id']}/content")


def read_all(
    stage: Stage, day: str, scenes: dict[str, Any]
) -> tuple[list[Answer], list[SeenEvent]]:
    """Return all answers and events; usage is that of `day` (UTC, as 2026-01-31)."""
    shop = Reader("shop", stage.shop.http)
    desk = Reader("desk", stage.desk.http)
    visitor = Reader("visitor", stage.visitor.http)
    for owner in (shop, desk):
        owner.get("/access")
        owner.page("/assistants")
        owner.threads()
        owner.page("/files")
        owner.stores()
        owner.get("/usage", start_date=day, end_date=day)
    shop.get(scenes["batch"])
    shop.get("/threads", q=scenes["words"]["word"])
    visitor.threads()
    visitor.get(f"/files/{scenes['visitor']['file_id']}")
    readers = (shop, desk, visitor)
    return (
        [answer for reader in readers for answer in reader.answers],
        [*stage.interrupted, *(event for reader in readers for event in reader.events)],
    )
