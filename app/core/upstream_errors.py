"""An upstream's failures in the words of a run's `last_error`, without its secrets."""

import re

import aiohttp
import httpx
import httpx2
import openai

from app.core.answer_bounds import AnswerTooLarge
from app.core.error_words import ErrorWords, words_of
from app.core.response_stream import AnswerFailed, BrokenAnswer
from app.core.upstream import Upstream
from app.domain.errors import ModelError, ModelErrorCode
from app.domain.text import storable

# What the transport raises while an answer is waited for or read.
CUT = (httpx2.HTTPError, httpx.HTTPError, aiohttp.ClientError, OSError, BrokenAnswer)

_LONGEST = 500
_HIDDEN = "[key]"

# `sk-…`, `gsk_…` and their like; stars too, for upstreams that echo a key half masked.
_KEYLIKE = re.compile(r"\b(?:(?:sk|pk|rk|gsk|hf|xai)[-_]|AIza)[\w*.+/=-]{4,}")

_QUOTA = frozenset({"rate_limit_exceeded", "insufficient_quota", "billing_hard_limit_reached"})
_PROMPT = frozenset(
    {"invalid_prompt", "invalid_request_error", "context_length_exceeded", "bio_policy"}
)


class UpstreamErrors:
    """Makes a `ModelError` of each failure of one upstream, which it names.

    It knows the upstream's key only to hide it.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        # Not its address: that is for the log, and the clients of an API key need not know it.
        self._the_upstream = f"The upstream {upstream.name}"

    def of(self, error: Exception) -> ModelError:
        """Return the failure of a call that brought no answer, or no whole one."""
        if isinstance(error, openai.APIStatusError):
            return self._of_status(error)
        if isinstance(error, AnswerFailed):
            return self._of_told(error.error)
        return _server_error(f"{self._the_upstream} {self._what_happened(error)}")

    def _what_happened(self, error: Exception) -> str:
        if _is_unreachable(error):
            return f"can't be reached. Check {self._upstream.address_setting}."
        if isinstance(
            error, openai.APITimeoutError | httpx2.TimeoutException | httpx.TimeoutException
        ):
            # The aiohttp transport calls a closed connection a timeout too.
            return "did not answer in time, or closed the connection."
        if isinstance(error, AnswerTooLarge):
            return "gave an answer that is too long: the rest of it was not read."
        return "gave an answer that broke off, or that can't be read."

    def _of_told(self, error: object) -> ModelError:
        words = words_of(error)
        text = self._clean(words.message) or "it does not say why"
        return ModelError(_code(words), f"{self._the_upstream} failed: {text}")

    def _of_status(self, error: openai.APIStatusError) -> ModelError:
        status = error.status_code
        if status == 401:
            # The upstream's own sentence is dropped: it likes to quote the key.
            return _server_error(
                f"{self._the_upstream} refused the API key (HTTP 401). "
                f"Check {self._upstream.key_setting}."
            )
        words = words_of(error.body)
        text = f"{self._the_upstream} answered HTTP {status}"
        if reason := self._clean(words.message):
            text += f": {reason}"
        if status in (404, 405):
            setting = self._upstream.address_setting
            text = f"{text.rstrip('.')}. Check the model's name and {setting}."
        return ModelError(_status_code(status, words), text)

    def _clean(self, message: str) -> str:
        text = " ".join(str(storable(message)).split())
        if text.startswith("<"):
            return ""  # markup that says nothing
        if key := self._upstream.key:
            text = text.replace(key, _HIDDEN)
        text = _KEYLIKE.sub(_HIDDEN, text)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _is_unreachable(error: BaseException | None) -> bool:
    """Tell whether no connection was made; the aiohttp transport calls that a timeout."""
    while error is not None:
        if isinstance(
            error, aiohttp.ClientConnectorError | httpx2.ConnectError | httpx.ConnectError
        ):
            return True
        error = error.__cause__
    return False


def _server_error(message: str) -> ModelError:
    return ModelError("server_error", message)


def _status_code(status: int, words: ErrorWords) -> ModelErrorCode:
    if status == 429:
        return "rate_limit_exceeded"
    # The type alone says little: "invalid_request_error" is also an unknown model's.
    told = _code(ErrorWords(code=words.code))
    return "invalid_prompt" if status in (400, 422) and told == "server_error" else told


def _code(words: ErrorWords) -> ModelErrorCode:
    said = {words.code, words.type}
    if said & _QUOTA:
        return "rate_limit_exceeded"
    if said & _PROMPT or "image" in (words.code or ""):
        return "invalid_prompt"
    return "server_error"
