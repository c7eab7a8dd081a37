"""Recognises an error that says that a request has more tokens than the model's window."""

import re

from app.core.error_words import ErrorWords

_CODES = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_STATUSES = frozenset({400, 413, 422, 500})
# OpenAI and vLLM, llama.cpp, Anthropic, Gemini, Mistral, Ollama and others, in this order.
_WORDS = re.compile(
    r"maximum context length|exceeds? the available context size|prompt is too long"
    r"|input token count[^.]{0,80} exceeds|too large for model with \d+ maximum context"
    r"|(?:exceeds?|longer than|larger than|over) (?:the |its )?(?:model's )?(?:maximum )?"
    r"(?:context|input) (?:length|window|size|limit)"
    r"|context (?:length|window) (?:was |is )?exceeded",
    re.IGNORECASE,
)
_LONGEST = 2000


def is_too_long(status: int, words: ErrorWords) -> bool:
    """Return whether an error of this HTTP status says so, in the words of known servers."""
    if status not in _STATUSES:
        return False
    if {words.code, words.type} & _CODES:
        return True
    return _WORDS.search(words.message[:_LONGEST]) is not None
