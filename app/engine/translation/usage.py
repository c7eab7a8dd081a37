"""A response's usage, in the form of the Assistants API."""

from typing import Any

from app.schemas.runs import CachedTokens, ReasoningTokens, Usage

# Tokens of one answer. A larger number is not a count, and the sums would not fit into a column.
_MOST = 10**9


def usage_of(response: dict[str, Any]) -> Usage:
    """Return a response's usage; counts that are missing or impossible are 0."""
    usage = _object(response.get("usage"))
    # Upstreams that translate Chat Completions may keep its names.
    prompt = _count(usage, "input_tokens", "prompt_tokens")
    completion = _count(usage, "output_tokens", "completion_tokens")
    read = _object(usage.get("input_tokens_details"))
    written = _object(usage.get("output_tokens_details"))
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=_count(usage, "total_tokens") or prompt + completion,
        prompt_token_details=CachedTokens(cached_tokens=_count(read, "cached_tokens")),
        completion_tokens_details=ReasoningTokens(
            reasoning_tokens=_count(written, "reasoning_tokens")
        ),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(usage: dict[str, Any], *names: str) -> int:
    """Return the first of these counts that there is."""
    for name in names:
        count = usage.get(name)
        if isinstance(count, (int, float)) and 0 < count <= _MOST:
            return int(count)
    return 0
