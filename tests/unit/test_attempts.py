"""What a failure advises is done for any kind of client, not only for that of the Responses API."""

from typing import Any

import pytest

from app.core.attempts import Attempts, Persistence
from app.core.model import Advice, AttemptFailed
from app.core.refusals import Refusals
from app.core.refused_parameters import Refusal
from app.domain.errors import ModelError
from tests.support.openai_calls import upstream_at

REQUEST = {"model": "m", "temperature": 0.5, "top_p": 0.5}
AGAIN = Advice(again=True)


class OtherClient:
    """A client of another kind: it fails as scripted, then answers with the request."""

    def __init__(self, *advice: Advice, retries: int = 2) -> None:
        self.asked: list[dict[str, Any]] = []
        self.retried_calls = 0
        self._advice = list(advice)
        upstream = upstream_at("http://127.0.0.1:1/v1", retries)
        self._persistence = Persistence(upstream, Refusals(), pause=0.0)

    def retried(self) -> None:
        self.retried_calls += 1

    async def answer(self) -> dict[str, Any]:
        return await self._attempts().until_answered(self._ask)

    def _attempts(self) -> Attempts:
        return self._persistence.begin(REQUEST, self)

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(request)
        if self._advice:
            raise AttemptFailed(ConnectionResetError(), self._advice.pop(0), {"status": 500})
        return request


def refusing(param: str) -> Advice:
    return Advice(refusal=Refusal("unsupported_parameter", param, "No."))


async def test_what_may_succeed_is_tried_again():
    client = OtherClient(AGAIN, AGAIN)
    assert await client.answer() == REQUEST
    assert (len(client.asked), client.retried_calls) == (3, 2)


async def test_retries_are_counted_and_the_failure_names_the_upstream(caplog):
    client = OtherClient(AGAIN, AGAIN, retries=1)
    with pytest.raises(ModelError, match="The upstream custom "):
        await client.answer()
    assert len(client.asked) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "The upstream did not answer well: retry 1",
        "The upstream failed",
    ]
    assert all(record.fields["upstream"].startswith("custom (") for record in caplog.records)


async def test_what_would_fail_again_is_not_tried_again():
    client = OtherClient(Advice())
    with pytest.raises(ModelError):
        await client.answer()
    assert len(client.asked) == 1


async def test_what_is_refused_is_left_out_and_remembered():
    client = OtherClient(refusing("temperature"), refusing("top_p"), retries=0)
    assert await client.answer() == {"model": "m"}
    assert await client.answer() == {"model": "m"}
    assert (len(client.asked), client.retried_calls) == (4, 0)


async def test_what_can_not_be_left_out_is_a_failure():
    client = OtherClient(refusing("model"))
    with pytest.raises(ModelError):
        await client.answer()


async def test_the_pause_that_the_server_asks_for_is_made(monkeypatch):
    pauses = []

    async def sleep(seconds):
        pauses.append(seconds)

    monkeypatch.setattr("app.core.attempts.asyncio.sleep", sleep)
    await OtherClient(Advice(again=True, pause=7.0), AGAIN).answer()
    assert pauses == [7.0, 0.0]
