"""What can go wrong, as a tree.

ThreadkeeperError              an answer in OpenAI's envelope, with its HTTP status
├─ InvalidRequest        400   the request can't be carried out as it stands
│  ├─ ThreadBusy         400   the thread has an active run (never 409: the SDKs retry that)
│  ├─ InvalidId          400   an id that can't be one of its kind
│  ├─ SearchTimeout      400   a search that took too long (never 5xx: the SDKs retry that)
│  └─ Configured         400   what the settings or the assistants file made can't be changed
├─ Unauthorized          401   no key, or none that is known
├─ Forbidden             403   not for this caller
├─ NotFound              404   no such object
├─ LimitReached          429   too many requests, or runs, or tokens
├─ ChatFailed        502/503   the model failed while a chat waited for it
└─ DatabaseAway          503   the database does not answer
ModelError                     the model's side of a run failed; becomes the run's `last_error`
StaleRun                       a guarded change of a run's status moved no row
StartError                     the server can't start; a line for each reason, for a person
"""

from collections.abc import Mapping
from typing import Literal

from app.domain.ids import PREFIXES
from app.domain.run_status import RunStatus

ModelErrorCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]


class ThreadkeeperError(Exception):
    """An error a client is told, as `{"error": {message, type, param, code}}`."""

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
        """`headers` are sent with the answer."""
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
    """A search ran for the `seconds` that it may take, and was stopped."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The search took longer than {seconds:g} seconds and was stopped. "
            "Search for fewer or rarer words, or ask fewer questions at once.",
            code="search_timeout",
        )


class Configured(InvalidRequest):
    def __init__(self, kind: str, object_id: str) -> None:
        super().__init__(
            f"{kind} '{object_id}' is made from the server's settings or its file of assistants, "
            "and can only be changed there.",
            code="assistant_is_configured",
        )


class Unauthorized(ThreadkeeperError):
    status = 401
    type = "invalid_request_error"


class Forbidden(ThreadkeeperError):
    status = 403
    type = "invalid_request_error"


class LimitReached(ThreadkeeperError):
    status = 429
    type = "requests"


class NotFound(ThreadkeeperError):
    status = 404
    type = "invalid_request_error"


def not_found(kind: str, object_id: str) -> ThreadkeeperError:
    """Return the error for an id of `kind` that names nothing.

    An id that lacks its kind's prefix is most often a client's `undefined`: the answer says so.
    """
    if not object_id.startswith(PREFIXES[kind]):
        return InvalidId(kind, object_id)
    return NotFound(f"No {kind.replace('_', ' ')} found with id '{object_id}'.")


class ChatFailed(ThreadkeeperError):
    """The chat's run ended without an answer. Its message is kept, so the SDKs must not retry."""

    status = 502

    def __init__(
        self, message: str, *, code: str, status: int, thread_id: str, run_id: str
    ) -> None:
        headers = {"x-should-retry": "false", "x-thread-id": thread_id, "x-run-id": run_id}
        super().__init__(message, code=code, status=status, headers=headers)


class DatabaseAway(ThreadkeeperError):
    """`perhaps_written`: the connection was lost in a commit, which may have been the last word."""

    status = 503

    def __init__(self, *, perhaps_written: bool) -> None:
        # The SDKs ask again by themselves; not where it could be done twice.
        again = {"x-should-retry": "false"} if perhaps_written else {"retry-after": "1"}
        super().__init__(
            "The server's database does not answer. Please try again in a moment.",
            code="database_unavailable",
            headers=again,
        )


class ModelError(Exception):
    """The model, or the way to it, failed. `message` is fit for a client: it holds no secret."""

    def __init__(self, code: ModelErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class StaleRun(Exception):
    """Another hand moved the run first (a cancel, an expiry, another process)."""


class StartError(Exception):
    """What the server is to start with can't be used; a traceback would only hide why."""
