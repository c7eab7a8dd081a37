"""What visitors of the public chat see of failures that only the operator can fix."""

from app.domain.access import Caller
from app.domain.errors import ThreadkeeperError

# By error code; the pages translate by these codes too. The operator, who has a key, finds the
# reason in the run's `last_error`.
_FAILED = "The assistant could not answer. Please try again later."
_SENTENCES = {
    "server_error": _FAILED,
    "rate_limit_exceeded": "The assistant is busy right now. Please try again in a moment.",
    "invalid_prompt": (
        "The assistant could not answer this. Please rephrase it or start a new conversation."
    ),
    "insufficient_quota": "This chat has reached its limit for today. Please come back tomorrow.",
    "concurrent_runs_exceeded": (
        "Many people are using the chat right now. Please try again in a moment."
    ),
    "database_unavailable": "The chat is not available right now. Please try again in a moment.",
}
# The messages of these errors already say what the visitor can do.
_FOR_EVERYBODY = frozenset(
    {"server_restarting", "run_cancelled", "run_cancelling", "run_expired", "run_queued"}
)


def sentence_for(code: str | None) -> str:
    return _SENTENCES.get(code or "", _FAILED)


def error_for(caller: Caller, error: ThreadkeeperError) -> ThreadkeeperError:
    """Return the error as this caller may see it, with the same status, type, code and headers."""
    if caller.session is None or not _is_for_the_operator(error):
        return error
    return ThreadkeeperError(
        sentence_for(error.code),
        param=error.param,
        code=error.code,
        status=error.status,
        type=error.type,
        headers=error.headers,
    )


def _is_for_the_operator(error: ThreadkeeperError) -> bool:
    """Return whether the message may quote the upstream or settings. Other 4xx are for visitors."""
    if error.status >= 500:
        return error.code not in _FOR_EVERYBODY
    return error.code in ("insufficient_quota", "concurrent_runs_exceeded")
