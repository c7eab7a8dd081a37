"""How much of a thread the models read: their windows, their tokenizers, and summaries."""

from dataclasses import dataclass, field
from typing import Any

from app.core.setting_types import LEAST_HISTORY_TOKENS
from app.core.token_rates import Rate, TokenRates
from app.core.upstream import Target
from app.core.upstreams import Upstreams
from app.db.rows import RunRow
from app.engine.budget import input_budget
from app.schemas.runs import Usage

# The part of its window up to which a model reads a thread's messages unless the settings say
# otherwise, in percent.
_USUAL_SHARE = 60
# Of what fits into a request, in percent: a summary is due some answers before it is needed.
_BEFORE_THE_CUT = 80


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
        fits = self.input_budget(run, [], Usage())
        limit = min(wanted, fits * _BEFORE_THE_CUT // 100)
        return limit if limit >= LEAST_HISTORY_TOKENS else None
