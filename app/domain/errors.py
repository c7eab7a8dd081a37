"""All error classes, as a tree.

ThreadkeeperError              a response in OpenAI's envelope, with its HTTP status
├─ InvalidRequest        400   the request is invalid, or not possible in the current state
│  ├─ ThreadBusy         400   the thread has an active run (never 409: the SDKs retry that)
│  ├─ InvalidId          400   an id without the prefix of its kind
│  ├─ SearchTimeout      400   a search that took too long (never 5xx: the SDKs retry that)
│  └─ Configured         400   the object is defined by the settings or the assistants file
├─ Unauthorized          401   the key is missing or unknown
├─ Forbidden             403   this caller may not do this
├─ NotFound              404   no such object
│  └─ UnknownId          404   no object of this kind has this id
├─ Conflict              409   somebody else changed the object first
├─ LimitReached          429   too many requests, runs or tokens
├─ ChatFailed        502/503   the model failed while a chat waited for it
├─ ServerFull            503   this process makes as many calls to models as it may
└─ DatabaseAway          503   the database does not answer
ModelError                     the upstream failed during a run; becomes the run's `last_error`
StaleRun                       a guarded change of a run's status matched no row
StartError                     the server can't start; one line for the operator per reason
"""

from collections.abc import Mapping
from typing import Literal

from app.domain.ids import PREFIXES
from app.domain.run_status import RunStatus

ModelErrorCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
# What failed: another upstream would refuse the same request too, but not if the cause is the
# upstream, or that it lacks the model.
Cause = Literal["request", "length", "model", "upstream"]


class ThreadkeeperError(Exception):
    """An error that is sent to the client as `{"error": {message, type, param, code}}`."""

    status = 500
    type = "server_error"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int | None = None,
        type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`headers` are sent with the response."""
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status or self.status
        self.type = type or self.type
        self.headers = headers or {}


class InvalidRequest(ThreadkeeperError):
    status = 400
    type = "invalid_request_error"


class ThreadBusy(InvalidRequest):
    """The thread has an active run; `run_id` and `run_status` say which."""

    def __init__(self, message: str, *, run_id: str, run_status: RunStatus) -> None:
        super().__init__(message)
        self.run_id = run_id
        self.run_status = run_status

    @classmethod
    def for_message(cls, thread_id: str, run_id: str, run_status: RunStatus) -> "ThreadBusy":
        message = f"Can't add messages to {thread_id} while a run {run_id} is active."
        return cls(message, run_id=run_id, run_status=run_status)

    @classmethod
    def for_run(cls, thread_id: str, run_id: str, run_status: RunStatus) -> "ThreadBusy":
        message = f"Thread {thread_id} already has an active run {run_id}."
        return cls(message, run_id=run_id, run_status=run_status)


class InvalidId(InvalidRequest):
    def __init__(self, kind: str, object_id: str) -> None:
        param, prefix = f"{kind}_id", PREFIXES[kind]
        super().__init__(
            f"Invalid '{param}': '{object_id}'. Expected an ID that begins with '{prefix}'.",
            param=param,
            code="invalid_value",
        )


class SearchTimeout(InvalidRequest):
    """A search was stopped after `seconds`, the most that it may take."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The search took longer than {seconds:g} seconds and was stopped. "
            "Search for fewer or rarer words, or ask fewer questions at once.",
            code="search_timeout",
        )


class Configured(InvalidRequest):
    def __init__(self, kind: str, object_id: str) -> None:
        super().__init__(
            f"{kind} '{object_id}' is defined in the server's settings or its assistants file, "
            "and can only be changed there.",
            code="assistant_is_configured",
        )


class Unauthorized(ThreadkeeperError):
    status = 401
    type = "invalid_request_error"


class Forbidden(ThreadkeeperError):
    status = 403
    type = "invalid_request_error"


class Conflict(ThreadkeeperError):
    """Somebody else changed the object first. The SDKs must not retry it, as they do with 409."""

    status = 409
    type = "invalid_request_error"

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message, code=code, headers={"x-should-retry": "false"})


class LimitReached(ThreadkeeperError):
    status = 429
    type = "requests"


class NotFound(ThreadkeeperError):
    status = 404
    type = "invalid_request_error"


class UnknownId(NotFound):
    """No object of `kind`, a key of `PREFIXES`, has the id `object_id`."""

    def __init__(self, kind: str, object_id: str) -> None:
        super().__init__(f"No {kind.replace('_', ' ')} found with id '{object_id}'.")
        self.kind = kind
        self.object_id = object_id


def not_found(kind: str, object_id: str) -> ThreadkeeperError:
    """Return the error for an id of `kind` that names nothing.

    An id without its kind's prefix is usually a client's `undefined`, so the error says that it is
    invalid.
    """
    if not object_id.startswith(PREFIXES[kind]):
        return InvalidId(kind, object_id)
    return UnknownId(kind, object_id)


class ChatFailed(ThreadkeeperError):
    """The chat's run ended without an answer. The message is stored, so SDKs must not resend it."""

    status = 502

    def __init__(
        self, message: str, *, code: str, status: int, thread_id: str, run_id: str
    ) -> None:
        headers = {"x-should-retry": "false", "x-thread-id": thread_id, "x-run-id": run_id}
        super().__init__(message, code=code, status=status, headers=headers)


class ServerFull(ThreadkeeperError):
    """No more calls to models may begin now. Nothing was stored, so the SDKs may retry."""

    status = 503

    def __init__(self, most: int, seconds: int) -> None:
        super().__init__(
            f"The server already makes {most} calls to models at once (MAX_MODEL_CALLS). "
            f"Please try again in {seconds}s.",
            code="server_full",
            headers={"retry-after": str(seconds)},
        )


class DatabaseAway(ThreadkeeperError):
    """The database does not answer.

    `perhaps_written`: the connection was lost during a commit, which may have succeeded.
    """

    status = 503

    def __init__(self, *, perhaps_written: bool) -> None:
        # The SDKs retry by themselves, but must not if the change may have been written already.
        again = {"x-should-retry": "false"} if perhaps_written else {"retry-after": "1"}
        super().__init__(
            "The server's database does not answer. Please try again in a moment.",
            code="database_unavailable",
            headers=again,
        )


class ModelError(Exception):
    """The model, or the connection to it, failed. `message` is safe to send to a client."""

    def __init__(self, code: ModelErrorCode, message: str, cause: Cause = "request") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.cause = cause


class StaleRun(Exception):
    """The run's status was changed first by a cancel, an expiry or another process."""


class StartError(Exception):
    """The server can't start with its configuration. Shown without a traceback."""
