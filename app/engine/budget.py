"""How many tokens a run may still read and write."""

from dataclasses import dataclass
from typing import Any

from app.core.token_rates import USUAL, Rate
from app.core.upstream import Target
from app.db.rows import RunRow
from app.engine.translation.history import json_tokens, text_tokens
from app.schemas.runs import Usage

# OpenAI and llama-stack reject a smaller limit.
LEAST_OUTPUT_TOKENS = 16


def input_budget(
    run: RunRow,
    items: list[dict[str, Any]],
    spent: Usage,
    target: Target,
    rate: Rate = USUAL,
) -> int:
    """Return how many tokens of history the next round may contain.

    This is the model's context window less the answer, the instructions, the tools and the
    run's own items, and at most what is left of `max_prompt_tokens`.
    """
    answer = min(run.max_completion_tokens or target.usual_answer, target.longest_answer)
    limit = target.context_window - answer
    if run.max_prompt_tokens is not None:
        limit = min(limit, run.max_prompt_tokens - spent.prompt_tokens)
    fixed = (
        text_tokens(run.instructions or "", rate)
        + json_tokens(run.tools, rate)
        + json_tokens(items, rate)
    )
    return limit - fixed


def output_budget(run: RunRow, spent: Usage) -> int | None:
    """Return how many tokens the model may still write; None if the run sets no limit."""
    if run.max_completion_tokens is None:
        return None
    return run.max_completion_tokens - spent.completion_tokens


@dataclass(frozen=True)
class OutputLimit:
    """The token limit of one answer.

    `sent` is the limit in the request. An answer of `cut_from` tokens or more was cut off.
    """

    sent: int
    cut_from: int


def output_limit(left: int) -> OutputLimit:
    """Return the limit for an answer that may have `left` tokens; `left` is at least 1."""
    if left < LEAST_OUTPUT_TOKENS:
        return OutputLimit(LEAST_OUTPUT_TOKENS, left + 1)
    return OutputLimit(left, left)


def prompt_is_used_up(run: RunRow, spent: Usage) -> bool:
    return run.max_prompt_tokens is not None and spent.prompt_tokens >= run.max_prompt_tokens
