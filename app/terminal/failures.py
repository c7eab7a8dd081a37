"""The errors of terminal commands: a line of text and an exit status."""

from app.terminal.language import Said


class Failure(Exception):
    """Ends a command with a line on standard error and no traceback."""

    def __init__(self, said: Said, *, status: int = 1) -> None:
        """`status` is the exit status; 2 means wrong usage."""
        super().__init__(said.english)
        self.said = said
        self.status = status


class Lost(Failure):
    """The server can't be reached, or the connection was lost before its answer."""


class Refused(Failure):
    """The server returned an error; `http_status` is the status of its response.

    `retry_after`: seconds to wait before the next attempt, if the server says so.
    """

    def __init__(
        self,
        said: Said,
        *,
        http_status: int,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(said)
        self.http_status = http_status
        self.code = code
        self.retry_after = retry_after
