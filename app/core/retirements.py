"""OpenAI's retired and retiring models: when each goes, and which model answers in its place."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Literal

from app.domain.clock import now

# `switch`: from its date on, a model's replacement answers; `warn`: dates are only reported.
RetiredModels = Literal["switch", "warn", "off"]

NOTICE_URL = "https://developers.openai.com/api/docs/deprecations"

_FILE = "retired_models.csv"
# No chain of replacements is this long.
_MOST_STEPS = 8


@dataclass(frozen=True)
class Retirement:
    """When a model is shut down (at the day's beginning, UTC).

    `announced` and `replacement` (what the provider recommends) are None if only the date is known.
    """

    model: str
    shutdown: date
    announced: date | None = None
    replacement: str | None = None

    def is_over(self, today: date) -> bool:
        return self.shutdown <= today


class Retirements:
    """The known retirements, corrected by what the provider itself reports."""

    def __init__(self, known: Iterable[Retirement], *, mode: RetiredModels = "switch") -> None:
        self._mode = mode
        self._known = {one.model: one for one in known}
        self._reported: Mapping[str, date | None] = {}

    @classmethod
    def none(cls) -> "Retirements":
        return cls([], mode="off")

    @classmethod
    def load(cls, mode: RetiredModels) -> "Retirements":
        """Read the file that is part of this package."""
        return cls([] if mode == "off" else _rows(), mode=mode)

    @property
    def active(self) -> bool:
        return self._mode != "off"

    @property
    def switches(self) -> bool:
        return self._mode == "switch"

    def correct(self, reported: Mapping[str, date | None]) -> None:
        """Take over the dates that the provider reports; None: it does not retire the model."""
        self._reported = dict(reported)

    def of(self, model: str) -> Retirement | None:
        """Return the model's retirement, past or future; None if none is known."""
        if not self.active:
            return None
        known = self._known.get(model)
        if model not in self._reported:
            return known
        shutdown = self._reported[model]
        if shutdown is None:
            return None
        return replace(known, shutdown=shutdown) if known else Retirement(model, shutdown)

    def successor(self, model: str) -> str | None:
        """Return which model answers instead of a retired one today; None: the model itself."""
        return self.replacement_on(model, today()) if self.switches else None

    def replacement_on(self, model: str, day: date) -> str | None:
        """Return the replacement of a model that is retired on `day`; None if there is none.

        A replacement may have been retired in turn.
        """
        found = model
        for _ in range(_MOST_STEPS):
            retirement = self.of(found)
            if retirement is None or retirement.replacement is None or not retirement.is_over(day):
                break
            found = retirement.replacement
        return None if found == model else found


def today() -> date:
    """Return the current day (UTC)."""
    return datetime.fromtimestamp(now(), UTC).date()


def _rows() -> list[Retirement]:
    text = files("app.core").joinpath(_FILE).read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [
        Retirement(
            row["model"],
            date.fromisoformat(row["shutdown"]),
            date.fromisoformat(row["announced"]) if row["announced"] else None,
            row["replacement"],
        )
        for row in csv.DictReader(lines)
    ]
