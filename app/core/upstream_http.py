"""One request to an upstream, and what its answer says about a retry.

Uses the SDK's headers and errors, but not its code for sending: by measurement, that costs a fifth
of a whole chat turn, for options that no call here uses.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import httpx2
import openai

from app.core.answer_bounds import read_up_to, read_whole
from app.core.model import Advice, AttemptFailed
from app.core.refused_parameters import REFUSING, refusal_of
from app.core.upstream import Upstream
from app.core.upstream_transport import CUT, NO_ANSWER, Answer, Transport

# The statuses that are retried. The SDK uses the same.
_WORTH_ANOTHER_ATTEMPT = frozenset({408, 409, 429})
# The longest pause before a retry that a server may request, in seconds.
_LONGEST_ASKED_PAUSE = 60.0

# How many characters of the upstream's request id are logged.
_LONGEST_ID = 128
# How many bytes of an error are read: some servers repeat the whole request for each error.
_LONGEST_ERROR = 256 * 1024

# Passed to the SDK if no key is set, because it requires one. It is never sent: a proxy that needs
# no key may still reject an unknown one.
_NO_KEY = "no-key-is-set"


class Call(Protocol):
    """The call that a request belongs to, with its additional headers."""

    headers: dict[str, str]


class Posted(NamedTuple):
    """An answer, and its body, which is empty for a stream."""

    answer: Answer
    content: bytes


class UpstreamHttp:
    """Posts JSON to one path of an upstream."""

    def __init__(self, upstream: Upstream, transport: Transport, path: str) -> None:
        self._transport = transport
        self._url = f"{upstream.address}/{path}"
        self._seconds = upstream.timeout
        self._headers = {**upstream_headers(upstream), "content-type": "application/json"}

    async def post(self, content: bytes, call: Call, *, stream: bool) -> Posted:
        """Return the answer, unread if it is a stream.

        Raises `AttemptFailed` for a status of 400 or more, for an answer that is too large, and if
        no answer arrives.
        """
        try:
            answer = await self._transport.send(
                "POST",
                self._url,
                headers={**self._headers, **call.headers},
                content=content,
                seconds=self._seconds,
            )
            if answer.status < 400:
                return Posted(answer, b"" if stream else await read_whole(answer))
            error = await self._status_error(answer)
        except CUT as broken:
            advice = Advice(again=isinstance(broken, NO_ANSWER))
            raise AttemptFailed(broken, advice, fields_of(None)) from None
        raise AttemptFailed(error, _advice_of(error), fields_of(answer))

    async def _status_error(self, answer: Answer) -> openai.APIStatusError:
        """Return the error; its `body` is the answer's JSON, or its text if it is not JSON."""
        content = await read_up_to(answer, _LONGEST_ERROR)
        try:
            body: Any = json.loads(content)
        except (ValueError, RecursionError):
            body = content[:_LONGEST_ERROR].decode("utf-8", "replace")
        request = httpx2.Request("POST", self._url)
        response = httpx2.Response(answer.status, headers=dict(answer.headers), request=request)
        return openai.APIStatusError(f"HTTP {answer.status}", response=response, body=body)


def upstream_headers(upstream: Upstream) -> dict[str, str]:
    """Return the headers of every request to the upstream, with lower-case names.

    These are the SDK's headers, without those that describe the machine that it runs on, and
    without a key if none is set.
    """
    client = openai.AsyncOpenAI(
        api_key=upstream.key or _NO_KEY,
        # Always passed, so that the SDK does not read it from the environment.
        base_url=upstream.address,
        default_headers=upstream.headers,
        # Otherwise it would load the machine's certificates, for requests that it never sends.
        http_client=httpx2.AsyncClient(verify=False, trust_env=False),
    )
    # Lower-case names: two spellings of one header in a dict would both be sent.
    given = {
        name.lower(): value
        for name, value in {**client.default_headers, **client.auth_headers}.items()
    }
    # Content-Type is only for requests with a body.
    left_out = {"content-type"} | ({"authorization"} if client.api_key == _NO_KEY else set())
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, str) and not name.startswith("x-stainless") and name not in left_out
    }


def fields_of(answer: Answer | None) -> dict[str, object]:
    """Return the log fields for an answer, among them the upstream's own id for the request."""
    if answer is None:
        return {"status": "none"}
    request_id = answer.headers.get("x-request-id", "")[:_LONGEST_ID]
    return {"status": answer.status, "upstream_request_id": request_id or "none"}


def _advice_of(error: openai.APIStatusError) -> Advice:
    refusal = refusal_of(error.body) if error.status_code in REFUSING else None
    headers = error.response.headers
    return Advice(_is_worth_another_attempt(error.response), _asked_pause(headers), refusal)


def _is_worth_another_attempt(response: httpx2.Response) -> bool:
    should_retry = response.headers.get("x-should-retry")
    if should_retry in ("true", "false"):
        return should_retry == "true"
    return response.status_code in _WORTH_ANOTHER_ATTEMPT or response.status_code >= 500


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the server asks to wait, if the number is reasonable."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if 0 < seconds <= _LONGEST_ASKED_PAUSE:
            return seconds
    return None
