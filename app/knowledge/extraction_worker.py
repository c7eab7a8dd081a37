"""The process that reads one file: `python -m app.knowledge.extraction_worker TASK`.

It reads the file from standard input and writes the text to standard output. The server kills it
if it takes too long. Before it reads the file, it enters its sandbox: see `extraction_policy`.
"""

import io
import json
import os
import sys
from importlib import import_module
from typing import Any

from app.core import fence
from app.knowledge.extraction_policy import policy
from app.knowledge.readers.kinds import kind_of
from app.knowledge.readers.refusal import Refused, invalid
from app.knowledge.readers.text import cleaned

_REFUSED = 10
# Only the parser that the file needs is imported: loading PDFium takes longer than reading a text.
_READERS = {
    "pdf": "app.knowledge.readers.pdf",
    "docx": "app.knowledge.readers.docx",
    "pptx": "app.knowledge.readers.pptx",
    "workbook": "app.knowledge.readers.workbook",
    "hwp": "app.knowledge.readers.hwp",
    "html": "app.knowledge.readers.html",
    "json": "app.knowledge.readers.json",
    "csv": "app.knowledge.readers.csv",
    "text": "app.knowledge.readers.text",
}


# What is left of the CPU is enough: users wait for their answers meanwhile.
_NICENESS = 10


def main(task: dict[str, Any]) -> int:
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICENESS)
    # Missing protections are logged by the server: see `log_missing_fence`.
    fence.apply(policy(task["memory_bytes"], int(task["seconds"]) + 1))
    file = io.FileIO(0, closefd=False)
    try:
        sys.stdout.buffer.write(_text(file, task).encode())
    except Refused as refusal:
        sys.stdout.write(json.dumps({"code": refusal.code, "message": refusal.message}))
        return _REFUSED
    return 0


def _text(file: io.FileIO, task: dict[str, Any]) -> str:
    try:
        kind = kind_of(file, task["filename"], task)
        parts = import_module(_READERS[kind]).parts(file, task)
        return cleaned(parts, task["text_bytes"])
    except MemoryError:
        raise invalid("Reading the file takes too much memory.") from None


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
