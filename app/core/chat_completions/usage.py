"""The usage of a chat completion, in the form of the Responses API."""

from typing import Any


def usage_of(usage: dict[str, Any]) -> dict[str, Any]:
    """Return the usage of a Responses object; counts that the server leaves out are 0."""
    prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    read = _object(usage.get("prompt_tokens_details"))
    written = _object(usage.get("completion_tokens_details"))
    # DeepSeek and Kimi count cached tokens under other names.
    cached = _count(read, "cached_tokens") or _count(
        usage, "prompt_cache_hit_tokens", "cached_tokens"
    )
    reasoning = _count(written, "reasoning_tokens")
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": _count(usage, "total_tokens") or prompt + completion,
    }


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(usage: dict[str, Any], *names: str) -> int:
    found = (usage.get(name) for name in names)
    counts = (count for count in found if isinstance(count, int | float) and count > 0)
    return int(next(counts, 0))
