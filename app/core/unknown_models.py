"""Recognises an error that says that the upstream does not have the model."""

import re

from app.core.error_words import ErrorWords

_CODES = frozenset(
    {"model_not_found", "deploymentnotfound", "invalid_model", "unknown_model", "model_not_exist"}
)
# With other statuses an error about a model may be about a parameter that it lacks.
_STATUSES = frozenset({400, 403, 404, 410, 422})
_MODEL = r"(?:model|deployment)\b"
# OpenAI, vLLM, Ollama, Gemini, LiteLLM, OpenRouter, Azure, Mistral and others, in this order.
_WORDS = re.compile(
    rf"{_MODEL}[^.;]{{0,200}}?"
    r"(?:not exist|not found|not (?:a )?valid|not available|not exists|no access|unknown)"
    rf"|(?:invalid|unknown|no such|not find|not found:?|not a valid) {_MODEL}"
    r"|models/\S+ is not found"
    rf"|{_MODEL}[^.;]{{0,200}}? (?:was|has been|is) (?:retired|deprecated|shut down|removed)",
    re.IGNORECASE,
)
_LONGEST = 2000


def is_unknown_model(status: int, words: ErrorWords) -> bool:
    """Return whether an error of this HTTP status says so, in the words of known servers."""
    if status not in _STATUSES:
        return False
    if (words.code or "").lower() in _CODES:
        return True
    return _WORDS.search(words.message[:_LONGEST]) is not None
