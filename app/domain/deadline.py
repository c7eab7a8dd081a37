"""A deadline for a piece of work."""

import time


class Deadline:
    """Passes `seconds` from now, by the monotonic clock, which clock changes don't affect."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """The seconds that remain; 0 once the deadline has passed."""
        return max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self._end

    def extend(self, seconds: float) -> None:
        """Move the deadline by the time that was spent on something else."""
        self._end += seconds
