"""What visitors of the public chat read of a failure that only the operator can look into."""

from app.domain.access import Caller
from app.domain.errors import ThreadkeeperError

# By the error's code, by which pages translate them. The operator, who has a key, reads the reason
# in the run's `last_error`.
_FAILED = "The assistant could not answer. Please try again later."
_SENTENCES = {
    "server_error": _FAILED,
    "rate_limit_exceeded": "The assistant is busy right now. Please try again in a moment.",
    "invalid_prompt": (
        "The assistant could not answer this. Please say it in other words, or begin a new "
        "conversation."
    ),
    "insufficient_quota": "This chat has reached its limit for today. Please come back tomorrow.",
    "concurrent_runs_exceeded": ("Many people are asking right now. Please try again in a moment."),
    "database_unavailable": "The chat is not available right now. Please try again in a moment.",
}
# These say in their own words what the visitor can do about it.
_FOR_EVERYBODY = frozenset(
    {"server_restarting", "run_cancelled", "run_cancelling", "run_expired", "run_queued"}
)


def sentence_for(code: str | None) -> str:
    return _SENTENCES.get(code or "", _FAILED)


def error_for(caller: Caller, error: ThreadkeeperError) -> ThreadkeeperError:
    """Return the error as this caller may see it: the same status, type, code and headers."""
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
    """Tell whether it may hold the upstream's words, or settings. Other 4xx are the visitor's."""
    if error.status >= 500:
        return error.code not in _FOR_EVERYBODY
    return error.code in ("insufficient_quota", "concurrent_runs_exceeded")
