"""Whether a run's searches found anything."""

from collections.abc import Iterable

from app.db.rows import StepRow
from app.schemas.file_search import FILE_SEARCH


def found_nothing(steps: Iterable[StepRow]) -> bool:
    """Return whether the run has searched files, and no search found a passage."""
    searches = [
        call[FILE_SEARCH]
        for step in steps
        for call in step.step_details.get("tool_calls", ())
        if call["type"] == FILE_SEARCH
    ]
    return bool(searches) and not any(search.get("results") for search in searches)
