"""An upstream's failures as a run's `last_error`, without secrets."""

import re

import aiohttp
import openai

from app.core.answer_bounds import AnswerTooLarge
from app.core.error_words import ErrorWords, words_of
from app.core.too_long import is_too_long
from app.core.unknown_models import is_unknown_model
from app.core.upstream import Upstream
from app.core.wire_api import AnswerFailed
from app.domain.errors import Cause, ModelError, ModelErrorCode
from app.domain.text import storable

_LONGEST = 500
_HIDDEN = "[key]"

# `sk-…`, `gsk_…` and the like; also with asterisks, for upstreams that echo a masked key.
_KEYLIKE = re.compile(r"\b(?:(?:sk|pk|rk|gsk|hf|xai)[-_]|AIza)[\w*.+/=-]{4,}")

# The statuses, besides those from 500 on, for which another upstream is worth asking.
_ELSEWHERE = frozenset({408, 429})

# Gateways report an error in a stream by its HTTP status.
_QUOTA = frozenset(
    {"rate_limit_exceeded", "insufficient_quota", "billing_hard_limit_reached", "429"}
)
_PROMPT = frozenset(
    {"invalid_prompt", "invalid_request_error", "context_length_exceeded", "bio_policy"}
)


class UpstreamErrors:
    """Turns each failure of one upstream into a `ModelError` that names the upstream.

    It uses the upstream's key only to hide it.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        # Not its address: that is for the log, and the clients of an API key need not know it.
        self._the_upstream = f"The upstream {upstream.name}"

    def of(self, error: Exception) -> ModelError:
        """Return the error for a call that got no answer, or an incomplete one."""
        if isinstance(error, openai.APIStatusError):
            return self._of_status(error)
        if isinstance(error, AnswerFailed):
            return self._of_reported(error.error)
        # A stream that was cut off is as good as none, as long as nothing of it was sent.
        cause: Cause = "request" if isinstance(error, AnswerTooLarge) else "upstream"
        return ModelError(
            "server_error", f"{self._the_upstream} {self._what_happened(error)}", cause
        )

    def _what_happened(self, error: Exception) -> str:
        if isinstance(error, aiohttp.ClientConnectorError):
            return f"can't be reached. Check {self._upstream.address_setting}."
        if isinstance(error, TimeoutError):
            return "did not answer in time."
        if isinstance(error, aiohttp.ClientConnectionError):
            return "closed the connection."
        if isinstance(error, AnswerTooLarge):
            return "sent an answer that is too long; the rest was not read."
        return "sent an answer that was interrupted or can't be read."

    def _of_reported(self, error: object) -> ModelError:
        words = words_of(error)
        text = self._clean(words.message) or "it gives no reason"
        code = _code(words)
        cause: Cause = "request" if code == "invalid_prompt" else "upstream"
        if is_too_long(400, words):
            cause = "length"
        return ModelError(code, f"{self._the_upstream} failed: {text}", cause)

    def _of_status(self, error: openai.APIStatusError) -> ModelError:
        status = error.status_code
        if status == 401:
            # The upstream's own message is dropped: it often quotes the key.
            return ModelError(
                "server_error",
                f"{self._the_upstream} refused the API key (HTTP 401). "
                f"Check {self._upstream.key_setting}.",
            )
        words = words_of(error.body)
        text = f"{self._the_upstream} answered HTTP {status}"
        if reason := self._clean(words.message):
            text += f": {reason}"
        if status in (404, 405):
            setting = self._upstream.address_setting
            text = f"{text.rstrip('.')}. Check the model's name and {setting}."
        return ModelError(_status_code(status, words), text, _cause(status, words))

    def _clean(self, message: str) -> str:
        text = " ".join(str(storable(message)).split())
        if text.startswith("<"):
            return ""  # markup without useful text
        if key := self._upstream.key:
            text = text.replace(key, _HIDDEN)
        text = _KEYLIKE.sub(_HIDDEN, text)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _status_code(status: int, words: ErrorWords) -> ModelErrorCode:
    if status == 429:
        return "rate_limit_exceeded"
    # The type alone says little: an unknown model is also an "invalid_request_error".
    code = _code(ErrorWords(code=words.code))
    return "invalid_prompt" if status in (400, 422) and code == "server_error" else code


def _cause(status: int, words: ErrorWords) -> Cause:
    if is_too_long(status, words):
        return "length"
    if is_unknown_model(status, words):
        return "model"
    return "upstream" if status in _ELSEWHERE or status >= 500 else "request"


def _code(words: ErrorWords) -> ModelErrorCode:
    names = {words.code, words.type}
    if names & _QUOTA:
        return "rate_limit_exceeded"
    if names & _PROMPT or "image" in (words.code or ""):
        return "invalid_prompt"
    return "server_error"
