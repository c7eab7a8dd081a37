"""What holds for every new run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.db import assistants, runs, usage
from app.db.database import Connection
from app.domain.access import Caller
from app.domain.errors import LimitReached, not_found
from app.schemas.assistants import Assistant
from app.schemas.runs import BusyPolicy

# In `token_budgets`: every project that is not named.
OTHERS = "*"


@dataclass(frozen=True)
class RunPolicy:
    """`expires_seconds` count from a run's creation; `context_window` is in tokens.

    `configured` is the default assistant where the settings made it: only they can change it, so
    it need not be read for every run. `public_assistants` are those that sessions may use, first
    the one that answers by default. `max_concurrent_runs` are a project's (0: as many as there
    are), `token_budgets` a day's.
    """

    worker_id: str
    default_assistant_id: str
    configured: Assistant | None
    public_assistants: Sequence[str]
    expires_seconds: int
    context_window: int
    busy_thread: BusyPolicy
    max_concurrent_runs: int
    token_budgets: Mapping[str, int]

    def default_for(self, caller: Caller) -> str:
        """Return the id of the assistant that answers where none is named."""
        return self.default_assistant_id if caller.session is None else self.public_assistants[0]

    def assistant(self, connection: Connection, caller: Caller, assistant_id: str) -> Assistant:
        """Return the assistant of a new run. Raises `NotFound`."""
        if caller.session is not None and assistant_id not in self.public_assistants:
            raise not_found("assistant", assistant_id)
        if self.configured is not None and assistant_id == self.configured.id:
            return self.configured
        return assistants.retrieve(connection, caller.project, assistant_id)

    def admit(self, connection: Connection, project: str) -> None:
        """Raises `LimitReached` where the project may not have another run now."""
        most = self.max_concurrent_runs
        if most and runs.count_at_work(connection, project) >= most:
            raise LimitReached(
                f"Runs at work: {most}, the most that this server allows a project. "
                "Please try again when one of them has ended.",
                code="concurrent_runs_exceeded",
                headers={"retry-after": "1"},
            )
        budget = self.token_budgets.get(project, self.token_budgets.get(OTHERS))
        if budget is not None and usage.tokens_of(connection, project, usage.today()) >= budget:
            raise LimitReached(
                f"The budget of {budget} tokens a day is spent. It begins anew at midnight (UTC).",
                type="insufficient_quota",
                code="insufficient_quota",
                # The SDKs would only ask again at once, and in vain.
                headers={"x-should-retry": "false", "retry-after": str(_seconds_to_midnight())},
            )


def _seconds_to_midnight() -> int:
    now = datetime.now(UTC)
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((tomorrow - now).total_seconds()) + 1
