"""A response's usage, in the form of the Assistants API."""

from typing import Any

from app.schemas.runs import CachedTokens, ReasoningTokens, Usage


def usage_of(response: dict[str, Any]) -> Usage:
    """Return a response's usage; counts that the upstream leaves out are 0."""
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
    found = (usage.get(name) for name in names)
    counts = (count for count in found if isinstance(count, int | float) and count > 0)
    return int(next(counts, 0))
