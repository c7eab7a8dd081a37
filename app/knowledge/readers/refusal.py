"""The error that readers raise if a file's text can't be extracted."""


class Refused(Exception):
    """The file is refused. `code` is one of OpenAI's codes for a vector store's file:
    `unsupported_file` or `invalid_file`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def unsupported(message: str) -> Refused:
    return Refused("unsupported_file", message)


def invalid(message: str) -> Refused:
    return Refused("invalid_file", message)
