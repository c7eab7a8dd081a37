"""Reads from a request whether its client has sent it before, or may do so.

OpenAI's SDKs send a request again if they got no answer, twice by default, with nothing but
`X-Stainless-Retry-Count` to say so. Their other headers are the same each time.
"""

import re
import time
from collections import OrderedDict

from starlette.requests import Request

from app.domain.access import Caller
from app.domain.attempt import Attempt, digest_of
from app.domain.errors import InvalidRequest, ThreadkeeperError

LONGEST_KEY = 255
# The operations that accept the header `Idempotency-Key`.
CREATING = frozenset(
    {
        *("create_assistant", "create_thread", "create_message", "create_run"),
        *("create_thread_and_run", "submit_tool_outputs", "cancel_run", "chat", "create_file"),
        *("create_vector_store", "create_vector_store_file", "create_file_batch"),
    }
)

_OF_SDKS = b"x-stainless-"
_COUNT = b"x-stainless-retry-count"
_KEY = b"idempotency-key"
# The SDKs count up to their `max_retries`, which is 2 by default.
_COUNT_DIGITS = 3
_PRINTABLE = re.compile(rb"[ -~]+")
# The only parameter of Azure's clients that changes nothing.
_API_VERSION = b"api-version="
# Seconds. How long after its start a server can't know whether it was reached before, and how long
# an SDK waits at most before it repeats what was refused.
_STARTING = 3.0
_BACKOFF = 10.0
_REMEMBERED = 1000


def attempt_of(request: Request, caller: Caller, body: bytes) -> Attempt | None:
    """Return the attempt; None if the client neither counts attempts nor gives a key.

    Raises `InvalidRequest` for an invalid key.
    """
    scope = request.scope
    count: bytes | None = None
    key: bytes | None = None
    program: list[bytes] = []
    for name, value in scope["headers"]:
        if name == b"user-agent":
            program.append(value)
        elif name[:2] == b"x-" and name.startswith(_OF_SDKS):
            if name == _COUNT:
                count = value
            else:
                program.append(value)
        elif name == _KEY:
            key = value
    number = _number(count)
    if number is None and key is None:
        return None
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    content = digest_of(path, _query(scope["query_string"]), body)
    owner = f"{caller.project} {caller.session} {caller.key}"
    refusals: Refusals = request.app.state.refusals
    return Attempt(
        content=content,
        digest=digest_of(content, owner, *program),
        number=number,
        key=None if key is None else _checked(key),
        arrived=request.state.arrived,
        vague=body.strip() in (b"", b"{}", b"[]"),
        doubtful=bool(number) and refusals.may_concern(caller),
    )


class Refusals:
    """Which callers this server has refused requests of, so that their SDKs send them again.

    Such a repeat has no earlier attempt that was executed.
    """

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[str, str | None, str], float] = OrderedDict()
        self._started_until = time.monotonic() + _STARTING

    def note(self, caller: Caller, error: ThreadkeeperError) -> None:
        """Remember the error if the SDKs send the request again after it."""
        if error.status not in (408, 409, 429) and error.status < 500:
            return
        if error.headers.get("x-should-retry") == "false":
            return
        wait = error.headers.get("retry-after", "")
        pause = int(wait) if wait.isdecimal() else 0
        key = (caller.project, caller.session, caller.key)
        self._until[key] = time.monotonic() + pause + _BACKOFF
        self._until.move_to_end(key)
        if len(self._until) > _REMEMBERED:
            self._until.popitem(last=False)

    def may_concern(self, caller: Caller) -> bool:
        """Return whether the caller's repeats may be of requests that were refused."""
        moment = time.monotonic()
        until = self._until.get((caller.project, caller.session, caller.key), 0.0)
        return moment < until or moment < self._started_until


def _number(count: bytes | None) -> int | None:
    if count is None or not count.isdigit() or len(count) > _COUNT_DIGITS:
        return None
    return int(count)


def _checked(key: bytes) -> str:
    if not key:
        raise InvalidRequest(
            "Invalid 'Idempotency-Key': it is empty. Leave the header out, or send a new text for "
            "each request.",
            param="Idempotency-Key",
            code="invalid_value",
        )
    if not _PRINTABLE.fullmatch(key):
        raise InvalidRequest(
            "Invalid 'Idempotency-Key': it may only contain printable ASCII characters.",
            param="Idempotency-Key",
            code="invalid_value",
        )
    if len(key) > LONGEST_KEY:
        raise InvalidRequest(
            f"Invalid 'Idempotency-Key': string too long. Expected a string with maximum length "
            f"{LONGEST_KEY}, but got a string with length {len(key)} instead.",
            param="Idempotency-Key",
            code="string_above_max_length",
        )
    return key.decode("ascii")


def _query(query: bytes) -> bytes:
    if _API_VERSION not in query:
        return query
    return b"&".join(part for part in query.split(b"&") if not part.startswith(_API_VERSION))
