"""What programs of others sent to a server, and the same requests sent again.

A recording (`tests/fixtures/clients/<client>.json`) is a list of exchanges in the order in which
their answers were complete: see `Exchange`. `record_client.py` makes them.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

import httpx

from tests.support.waiting import wait_until

FOLDER = Path(__file__).parents[1] / "fixtures" / "clients"
# The key that every client was given.
ANY_KEY = "any-text"
# What the protocol calls its objects.
_ID = re.compile(r"\b(?:asst|thread|msg|run|step|call|file|vs|vsfb)[_-][A-Za-z0-9]{20,}")


class Exchange(TypedDict):
    """`ids`: those in the answer that were new, in order. `kept`: what the answer must say again.

    `method`, `path` (with its query), `headers` (those that mean something to a server) and `body`
    are the request, as the client sent it.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: str
    status: int
    ids: list[str]
    kept: dict[str, Any]


def recording(name: str) -> list[Exchange]:
    found: list[Exchange] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def ids_in(text: str) -> list[str]:
    """Return each ID in the text once, in the order of their first places."""
    return list(dict.fromkeys(_ID.findall(text)))


def kept_of(method: str, content_type: str, text: str) -> dict[str, Any]:
    """Return what doesn't differ between two answers to the same request.

    Of a stream: its kinds of events in order, each once. Of an object: what it is, the roles and
    kinds in its list, and the status of a run that is looked at, which is waited for.
    """
    if content_type.startswith("text/event-stream"):
        return {"events": list(dict.fromkeys(re.findall(r"^event: (\S+)", text, re.MULTILINE)))}
    if not content_type.startswith("application/json"):
        return {}
    answer = json.loads(text)
    kept = {"object": answer["object"]} if "object" in answer else {}
    if method == "GET" and kept.get("object") == "thread.run":
        kept["status"] = answer["status"]
    if kept.get("object") == "list":
        kept["data"] = [[one["object"], one.get("role")] for one in answer["data"]]
    return kept


class Replay:
    """Sends the requests of a recording, with this server's IDs and this key in place of theirs."""

    def __init__(self, base_url: str, key: str) -> None:
        self._base_url = base_url
        self._key = key
        self._ids: dict[str, str] = {}

    def run(self, exchanges: list[Exchange]) -> Iterator[tuple[Exchange, httpx.Response]]:
        """Yield each exchange with the answer that it gets now."""
        with httpx.Client(base_url=self._base_url, timeout=30) as http:
            for exchange in exchanges:
                answer = self._send(http, exchange)
                self._learn(exchange, answer.text)
                yield exchange, answer

    def _send(self, http: httpx.Client, exchange: Exchange) -> httpx.Response:
        """Send it; a look at a run is repeated until the run has come as far."""

        headers = {
            name: value.replace(ANY_KEY, self._key) for name, value in exchange["headers"].items()
        }

        def send() -> httpx.Response:
            return http.request(
                exchange["method"],
                self._filled(exchange["path"]),
                headers=headers,
                content=self._filled(exchange["body"]).encode(),
            )

        status = exchange["kept"].get("status")
        if not status:
            return send()
        seen: list[httpx.Response] = []

        def is_there() -> bool:
            seen[:] = [send()]
            return not seen[0].is_success or seen[0].json().get("status") == status

        wait_until(is_there)
        return seen[0]

    def _filled(self, text: str) -> str:
        return _ID.sub(lambda found: self._ids.get(found[0], found[0]), text)

    def _learn(self, exchange: Exchange, text: str) -> None:
        """Note which new ID stands where the recorded one stood, kind by kind."""
        known = {*self._ids.values()}
        new = [one for one in ids_in(text) if one not in known]
        for recorded in exchange["ids"]:
            kind = re.split(r"[_-]", recorded)[0]
            mine = next((one for one in new if re.split(r"[_-]", one)[0] == kind), None)
            if mine:
                new.remove(mine)
                self._ids[recorded] = mine
