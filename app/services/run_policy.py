"""The rules and limits for every new run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core.upstreams import Upstreams
from app.db import assistants, runs
from app.db.database import Connection
from app.db.rows import AssistantRow, RunRow
from app.domain.access import Caller
from app.domain.errors import InvalidRequest, LimitReached, not_found
from app.engine.windows import Windows
from app.schemas.code_interpreter import runs_code
from app.schemas.runs import BusyPolicy, RunOverrides
from app.services.token_budgets import AddedLimits, KeyBudget, ProjectBudget, TokenBudget

# The key in `token_budgets` for every project that is not named.
OTHERS = "*"


@dataclass(frozen=True)
class RunPolicy:
    """The rules and limits for new runs.

    `expires_seconds` count from a run's creation. `upstreams` give the models' context windows, and
    `windows` what their runs read.
    `configured` is the default assistant if the settings created it: only they can change it, so
    it need not be read for every run. `public_assistants` are those that sessions may use; the
    first is their default. `max_concurrent_runs` limits each project (0: no limit).
    `token_budgets` are tokens per project and day. `public_token_budget` limits the tokens per day
    of all visitors together (0: only the project's budget applies). A visitor's message has at
    most `public_max_message` characters. `added`: limits that were set while the server runs.
    """

    worker_id: str
    default_assistant_id: str
    configured: AssistantRow | None
    public_assistants: Sequence[str]
    expires_seconds: int
    upstreams: Upstreams
    windows: Windows
    busy_thread: BusyPolicy
    max_concurrent_runs: int
    token_budgets: Mapping[str, int]
    public_token_budget: int
    public_max_message: int
    added: AddedLimits

    def default_for(self, caller: Caller) -> str:
        """Return the id of the assistant that answers if the request names none."""
        if caller.is_visitor and caller.limits is None:
            return self.public_assistants[0]
        return self.default_assistant_id

    def assistant(self, connection: Connection, caller: Caller, assistant_id: str) -> AssistantRow:
        """Return the assistant of a new run. Raises `NotFound`."""
        is_public = assistant_id in self.public_assistants
        # With a site's key, all assistants of its project may answer.
        if caller.is_visitor and caller.limits is None and not is_public:
            raise not_found("assistant", assistant_id)
        if self.configured is not None and assistant_id == self.configured.id:
            return self.configured
        return assistants.retrieve(connection, caller.project, assistant_id)

    def runs_code(self, connection: Connection, caller: Caller, body: RunOverrides) -> bool:
        """Return whether a new run lists the tool `code_interpreter`. Raises `NotFound`."""
        if body.tools is not None:
            return runs_code(tool.type for tool in body.tools)
        assistant = self.assistant(connection, caller, body.assistant_id)
        return runs_code(tool["type"] for tool in assistant.tools)

    def reserved_for(self, assistant: AssistantRow, limits: RunOverrides) -> int:
        """Return how many tokens a new run reserves in its project's budget until it ends.

        The real cost is not known in advance. A quarter of the model's context window is more than
        most runs use; if the run's own limits are lower, they are reserved instead.
        """
        usual = self.upstreams.target(limits.model or assistant.model).usual_answer
        if limits.max_prompt_tokens is None or limits.max_completion_tokens is None:
            return usual
        return min(usual, limits.max_prompt_tokens + limits.max_completion_tokens)

    def check_message(self, caller: Caller, message: str) -> None:
        """Raises `InvalidRequest` if a visitor's message is too long."""
        if caller.is_public and len(message) > self.public_max_message:
            raise InvalidRequest(
                f"Invalid 'message': string too long. Expected a string with maximum length "
                f"{self.public_max_message}, but got a string with length {len(message)} instead.",
                param="message",
                code="string_above_max_length",
            )

    def admit(self, connection: Connection, caller: Caller) -> None:
        """Raises `ServerFull` if this process can't begin another run now, and `LimitReached` if
        the caller's project may not have one."""
        self.upstreams.calls.admit()
        project, most = caller.project, self._most_runs_of(caller.project)
        if most and runs.count_at_work(connection, project) >= most:
            raise LimitReached(
                f"This project already has {most} active runs (the maximum). "
                "Please try again when one of them has ended.",
                code="concurrent_runs_exceeded",
                headers={"retry-after": "1"},
            )
        for budget in self._budgets(project, caller.key_id, by_visitor=caller.is_public):
            _check_budget(connection, budget)

    def may_spend(self, connection: Connection, run: RunRow, tokens: int) -> bool:
        """Return whether the day's budgets have so many tokens left, for what the run causes."""
        budgets = self._budgets(run.project, run.key_id, by_visitor=run.by_visitor)
        return all(budget.left(connection) >= tokens for budget in budgets)

    def _most_runs_of(self, project: str) -> int:
        limits = [self.max_concurrent_runs, self.added.max_runs_of(project)]
        return min((limit for limit in limits if limit), default=0)

    def _budgets(
        self, project: str, key_id: str | None, *, by_visitor: bool
    ) -> Iterator[TokenBudget]:
        """Yield the budgets of tokens a day that a run counts in."""
        budget = self._budget_of(project)
        if budget is not None:
            yield ProjectBudget(budget, project)
        if by_visitor and self.public_token_budget:
            yield ProjectBudget(self.public_token_budget, project, of_visitors=True)
        if key_id is not None and (of_key := self.added.budget_of_key(key_id)) is not None:
            yield KeyBudget(of_key, project, key_id)

    def _budget_of(self, project: str) -> int | None:
        if project in self.token_budgets:
            return self.token_budgets[project]
        added = self.added.budget_of(project)
        return self.token_budgets.get(OTHERS) if added is None else added


def _check_budget(connection: Connection, budget: TokenBudget) -> None:
    """Raises `LimitReached` if the budget of the day is used up, or reserved by active runs."""
    # Read this first: it makes concurrent requests wait until this run is counted.
    reserved = budget.reserved(connection)
    used = budget.used(connection)
    if used >= budget.tokens:
        raise LimitReached(
            f"{budget.whose} of {budget.tokens} tokens a day is used up. "
            "It resets at midnight (UTC).",
            type="insufficient_quota",
            code="insufficient_quota",
            # Otherwise the SDKs would retry at once, in vain.
            headers={"x-should-retry": "false", "retry-after": str(_seconds_to_midnight())},
        )
    if used + reserved >= budget.tokens:
        raise LimitReached(
            f"The rest of the day's budget of {budget.tokens} tokens is reserved by active runs. "
            "Please try again when one of them has ended.",
            code="concurrent_runs_exceeded",
            headers={"retry-after": "1"},
        )


def _seconds_to_midnight() -> int:
    now = datetime.now(UTC)
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((tomorrow - now).total_seconds()) + 1
