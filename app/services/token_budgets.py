"""Budgets of tokens a day: what of them is used, and what active runs reserve."""

from dataclasses import dataclass
from typing import Protocol

from app.db import key_usage, runs, usage
from app.db.database import Connection


class AddedLimits(Protocol):
    """The limits of projects and keys that were set while the server runs. None, 0: no limit."""

    def budget_of(self, project: str) -> int | None: ...

    def budget_of_key(self, key_id: str) -> int | None: ...

    def max_runs_of(self, project: str) -> int: ...


class TokenBudget(Protocol):
    """`whose`: the beginning of the sentence that says it is used up."""

    @property
    def tokens(self) -> int: ...

    @property
    def whose(self) -> str: ...

    def reserved(self, connection: Connection) -> int:
        """Return how many tokens active runs reserve; this locks the project."""
        ...

    def used(self, connection: Connection) -> int: ...

    def left(self, connection: Connection) -> int: ...


@dataclass(frozen=True)
class ProjectBudget:
    """The budget of a project, or of all its visitors together."""

    tokens: int
    project: str
    of_visitors: bool = False
    whose: str = "The budget"

    def reserved(self, connection: Connection) -> int:
        return runs.reserved_tokens(connection, self.project, of_visitors=self.of_visitors)

    def used(self, connection: Connection) -> int:
        day = usage.today()
        return usage.tokens_of(connection, self.project, day, of_visitors=self.of_visitors)

    def left(self, connection: Connection) -> int:
        return self.tokens - self.reserved(connection) - self.used(connection)


@dataclass(frozen=True)
class KeyBudget:
    """The budget of a key, by its identity."""

    tokens: int
    project: str
    key_id: str
    whose: str = "This key's budget"

    def reserved(self, connection: Connection) -> int:
        return runs.reserved_tokens_of_key(connection, self.project, self.key_id)

    def used(self, connection: Connection) -> int:
        return key_usage.tokens_of(connection, self.key_id, usage.today())

    def left(self, connection: Connection) -> int:
        return self.tokens - self.reserved(connection) - self.used(connection)
