"""How a reader says that a file can't be made text."""


class Refused(Exception):
    """`code` is one of OpenAI's for a vector store's file: `unsupported_file`, `invalid_file`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def unsupported(message: str) -> Refused:
    return Refused("unsupported_file", message)


def invalid(message: str) -> Refused:
    return Refused("invalid_file", message)
