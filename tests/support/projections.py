"""Projections of a run in progress, for tests that pass events to them."""

from app.engine.tools.toolbox import RunTools
from app.engine.translation.events import Projection
from tests.support.rows import run_row


def new_projection(*, streamed: bool = True, cut_from: int | None = None) -> Projection:
    """Return a projection of a run that lists no tools."""
    run = run_row("thread_1", "in_progress")
    return Projection(run, tools=RunTools(run, {}), streamed=streamed, cut_from=cut_from)
