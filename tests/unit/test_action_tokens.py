"""What a token URL answers."""

import asyncio

import pytest

from app.actions.authentication import Authenticator
from app.actions.requests import Request
from app.core.outbound.addresses import AllowedHosts
from app.core.outbound.client import OutboundAnswer, OutboundClient, OutboundFailed

AUTH = {"type": "oauth", "token_url": "https://id.example.org", "client_id": "me"}


class Answering(OutboundClient):
    def __init__(self, body: str) -> None:
        super().__init__(AllowedHosts())
        self._body = body.encode()

    async def send(self, _request: object, *, most_bytes: int) -> OutboundAnswer:
        return OutboundAnswer(200, "OK", "application/json", "", self._body[:most_bytes], cut=False)


@pytest.mark.parametrize(
    "body",
    [
        *("[]", "{", "{}", '{"access_token": ""}', '{"access_token": "a\\r\\nX: b"}'),
        '{"access_token": "a", "expires_in": [1]}',
        '{"access_token": "a", "expires_in": 1' + "0" * 400 + "}",
    ],
)
def test_an_answer_without_a_token_that_can_be_sent_is_refused(body):
    request = Request("GET", "/")
    with pytest.raises(OutboundFailed, match="no access_token"):
        asyncio.run(Authenticator(Answering(body)).authenticate(request, AUTH, "secret"))
    assert request.headers == {}
