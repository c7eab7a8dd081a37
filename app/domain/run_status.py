"""The states of a run and the transitions between them, as in OpenAI's run lifecycle."""

from typing import Literal

RunStatus = Literal[
    "queued",
    "in_progress",
    "requires_action",
    "cancelling",
    "cancelled",
    "failed",
    "completed",
    "incomplete",
    "expired",
]

# The statuses from which each status can be reached. Every change of a run's status is written with
# `WHERE status IN (…)` from this table; a change that matches no row did not happen.
ALLOWED_FROM: dict[RunStatus, frozenset[RunStatus]] = {
    "queued": frozenset({"requires_action", "in_progress"}),
    "in_progress": frozenset({"queued"}),
    "requires_action": frozenset({"in_progress"}),
    "cancelling": frozenset({"queued", "in_progress", "requires_action"}),
    "cancelled": frozenset({"cancelling"}),
    "completed": frozenset({"in_progress"}),
    "failed": frozenset({"queued", "in_progress"}),
    "incomplete": frozenset({"in_progress"}),
    "expired": frozenset({"queued", "in_progress", "requires_action", "cancelling"}),
}

TERMINAL: frozenset[RunStatus] = frozenset(
    {"cancelled", "failed", "completed", "incomplete", "expired"}
)
# A run in one of these changes only if a client acts, or never again.
SETTLED: frozenset[RunStatus] = TERMINAL | {"requires_action"}
ACTIVE: frozenset[RunStatus] = frozenset({"queued", "in_progress", "requires_action", "cancelling"})
