"""Whose work it is: queues take the jobs of several projects in turns.

The project is set for a request and for a run, and is kept in the tasks that they start. Background
work has the empty one, and so a turn of its own.
"""

from contextvars import ContextVar

_project: ContextVar[str] = ContextVar("project", default="")


def work_for(project: str) -> None:
    """Do what follows in this task, and in the tasks that it starts, in the project's turn."""
    _project.set(project)


def current_turn() -> str:
    return _project.get()
