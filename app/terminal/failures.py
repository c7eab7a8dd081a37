"""What can go wrong for whoever sits at the terminal: one line, and an exit status."""

from app.terminal.language import Said


class Failure(Exception):
    """Ends a command with a line on standard error; never with a traceback."""

    def __init__(self, said: Said, *, status: int = 1) -> None:
        """`status`: what the process ends with; 2 is for wrong usage."""
        super().__init__(said.english)
        self.said = said
        self.status = status


class Refused(Failure):
    """The server answered with an error; `http_status` is that of its answer."""

    def __init__(self, said: Said, *, http_status: int) -> None:
        super().__init__(said)
        self.http_status = http_status
