"""Flags for opening what untrusted code has made.

Where a flag is missing (Windows), nothing here runs, but everything must be importable.
"""

import os


def _flags(*names: str) -> int:
    flags = os.O_RDONLY
    for name in (*names, "O_NOFOLLOW", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    return flags


FOLDER = _flags("O_DIRECTORY")
# Opening a FIFO must not wait for its writer.
FILE = _flags("O_NONBLOCK")
NEW_FILE = _flags("O_WRONLY", "O_CREAT", "O_EXCL")
