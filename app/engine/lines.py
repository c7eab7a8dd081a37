"""The runs of this process that wait for another one on their thread to end."""

from contextvars import Context, copy_context


class Lines:
    """Each run with the context it was begun in: who made it is logged with what it does later."""

    def __init__(self) -> None:
        self._lines: dict[str, dict[str, Context]] = {}

    def add(self, thread_id: str, run_id: str) -> None:
        self._lines.setdefault(thread_id, {}).setdefault(run_id, copy_context())

    def any_on(self, thread_id: str) -> bool:
        return thread_id in self._lines

    def holds(self, thread_id: str, run_id: str) -> bool:
        return run_id in self._lines.get(thread_id, {})

    def take(self, thread_id: str, run_id: str) -> Context | None:
        """Take the run out of its line and return its context; None: it does not wait here."""
        line = self._lines.get(thread_id, {})
        context = line.pop(run_id, None)
        if not line:
            self._lines.pop(thread_id, None)
        return context
