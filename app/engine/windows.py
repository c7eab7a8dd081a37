"""How much of a thread the models read, and how many tokens a run may still read and write."""

from dataclasses import dataclass, field
from typing import Any

from app.core.setting_types import LEAST_HISTORY_TOKENS
from app.core.token_rates import USUAL, Rate, TokenRates
from app.core.upstream import Target
from app.core.upstreams import Upstreams
from app.db.rows import RunRow
from app.engine.translation.history import json_tokens, text_tokens
from app.schemas.runs import NO_USAGE, Usage

# The part of its window up to which a model reads a thread's messages unless the settings say
# otherwise, in percent.
_USUAL_SHARE = 60
# Of what fits into a request, in percent: a summary is due some answers before it is needed.
_BEFORE_THE_CUT = 80
# OpenAI and llama-stack reject a smaller limit.
LEAST_OUTPUT_TOKENS = 16


@dataclass(frozen=True)
class Windows:
    """What the models of all runs may read.

    `history_tokens`: with more tokens of messages, the older ones are summarised; 0: depends on the
    model's window. `summaries`: whether they are at all.
    """

    upstreams: Upstreams
    history_tokens: int = 0
    summaries: bool = True
    rates: TokenRates = field(default_factory=TokenRates)

    def target(self, run: RunRow) -> Target:
        """Return what is asked first for the run."""
        return self.upstreams.target(run.model)

    def rate(self, run: RunRow) -> Rate:
        return self.rates.of(self.target(run).model)

    def summarises(self, run: RunRow) -> bool:
        """Return whether the run reads a summary in place of older messages."""
        return self.summaries and run.truncation_strategy.get("type", "auto") == "auto"

    def input_budget(
        self,
        run: RunRow,
        items: list[dict[str, Any]],
        spent: Usage,
        target: Target | None = None,
    ) -> int:
        """Return how many tokens of history the run's next round may contain.

        `target` is asked; None: the first one.
        """
        target = target or self.target(run)
        return input_budget(run, items, spent, target, self.rates.of(target.model))

    def summary_limit(self, run: RunRow) -> int | None:
        """Return from how many tokens of messages on the older ones are summarised; None: never."""
        if not self.summarises(run):
            return None
        wanted = self.history_tokens or self.target(run).context_window * _USUAL_SHARE // 100
        fits = self.input_budget(run, [], NO_USAGE)
        limit = min(wanted, fits * _BEFORE_THE_CUT // 100)
        return limit if limit >= LEAST_HISTORY_TOKENS else None


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
