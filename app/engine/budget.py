"""How much a run may still read and say, in tokens."""

from dataclasses import dataclass
from typing import Any

from app.core.upstream import Upstream
from app.db.rows import RunRow
from app.engine.translation.history import json_tokens, text_tokens
from app.schemas.runs import Usage

# OpenAI and llama-stack take no smaller limit.
LEAST_OUTPUT_TOKENS = 16


def input_budget(run: RunRow, items: list[dict[str, Any]], spent: Usage, upstream: Upstream) -> int:
    """Return how many tokens of history the next round may hold.

    What is left of the upstream's context window beside the answer, the
    instructions, the tools and the run's own items, and no more than `max_prompt_tokens` leaves.
    """
    answer = min(run.max_completion_tokens or upstream.usual_answer, upstream.longest_answer)
    limit = upstream.context_window - answer
    if run.max_prompt_tokens is not None:
        limit = min(limit, run.max_prompt_tokens - spent.prompt_tokens)
    fixed = text_tokens(run.instructions or "") + json_tokens(run.tools) + json_tokens(items)
    return limit - fixed


def output_budget(run: RunRow, spent: Usage) -> int | None:
    """Return how many tokens the model may still say; None where the run sets no limit."""
    if run.max_completion_tokens is None:
        return None
    return run.max_completion_tokens - spent.completion_tokens


@dataclass(frozen=True)
class OutputLimit:
    """What one answer may cost: `sent` is asked for; one of `cut_from` tokens or more was cut."""

    sent: int
    cut_from: int


def output_limit(left: int) -> OutputLimit:
    """Return the limit of an answer that may have `left` tokens, at least one."""
    if left < LEAST_OUTPUT_TOKENS:
        return OutputLimit(LEAST_OUTPUT_TOKENS, left + 1)
    return OutputLimit(left, left)


def prompt_is_spent(run: RunRow, spent: Usage) -> bool:
    return run.max_prompt_tokens is not None and spent.prompt_tokens >= run.max_prompt_tokens
