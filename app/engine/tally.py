"""What a run has used so far, by who answered, and whether its searches found anything."""

from collections.abc import Iterable

from app.core.upstream import Target
from app.db.rows import Answered, StepRow
from app.db.usage import Share
from app.schemas.file_search import FILE_SEARCH
from app.schemas.runs import NO_USAGE, Usage

# The unit in which costs are stored, so that they are whole numbers.
PER_UNIT = 1_000_000_000


class Tally:
    """The usage of a run's answers."""

    def __init__(self) -> None:
        self.spent = NO_USAGE
        # Each answer with its usage, the newest last.
        self._answers: list[tuple[Answered, Usage]] = []

    @classmethod
    def of_steps(cls, steps: Iterable[StepRow]) -> "Tally":
        """Return the usage that a run's steps say."""
        tally = cls()
        for step in steps:
            tally.add(step.answered, step.usage or NO_USAGE)
        return tally

    def add(self, answered: Answered | None, usage: Usage) -> None:
        self.spent += usage
        if answered is not None:
            self._answers.append((answered, usage))
        elif usage.total_tokens:
            # A round of a version that did not say it.
            self._answers.insert(0, (Answered("", ""), usage))

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the run that say who gave the newest answer."""
        newest = self._answers[-1][0] if self._answers else None
        if newest is None or not newest.upstream:
            return {}
        return {"answered_by": newest.upstream, "answered_model": newest.model}

    @property
    def shares(self) -> list[Share]:
        """The usage of each upstream and model; the one of the newest answer comes last."""
        shares: dict[tuple[str, str, str], Share] = {}
        for answered, usage in self._answers:
            key = (answered.upstream, answered.model, answered.currency)
            before = shares.pop(key, None)
            if before is not None:
                usage += before.usage
                answered = Answered(*key[:2], answered.cost + before.answered.cost, key[2])
            shares[key] = Share(answered, usage)
        return [*shares.values()]


def answered_by(target: Target, usage: Usage) -> Answered:
    """Return who answered, and what this usage costs there."""
    price = target.price
    if price is None:
        return Answered(target.upstream.name, target.model)
    cached = usage.prompt_token_details.cached_tokens
    cost = price.of(usage.prompt_tokens, cached, usage.completion_tokens)
    return Answered(target.upstream.name, target.model, round(cost * PER_UNIT), price.currency)


def found_nothing(steps: Iterable[StepRow]) -> bool:
    """Return whether the run has searched files, and no search found a passage."""
    searches = [
        call[FILE_SEARCH]
        for step in steps
        for call in step.step_details.get("tool_calls", ())
        if call["type"] == FILE_SEARCH
    ]
    return bool(searches) and not any(search.get("results") for search in searches)
