"""What holds for every new run."""

from dataclasses import dataclass

from app.db import assistants
from app.db.database import Connection
from app.schemas.assistants import Assistant
from app.schemas.runs import BusyPolicy


@dataclass(frozen=True)
class RunPolicy:
    """`expires_seconds` count from a run's creation; `context_window` is in tokens.

    `configured` is the default assistant where the settings made it: only they can change it, so
    it need not be read for every run.
    """

    worker_id: str
    default_assistant_id: str
    configured: Assistant | None
    expires_seconds: int
    context_window: int
    busy_thread: BusyPolicy

    def assistant(self, connection: Connection, assistant_id: str) -> Assistant:
        """Return the assistant of a new run. Raises `NotFound`."""
        if self.configured is not None and assistant_id == self.configured.id:
            return self.configured
        return assistants.retrieve(connection, assistant_id)
