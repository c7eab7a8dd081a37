"""The process that reads one file: `python -m app.knowledge.extraction_worker TASK`.

The file is its standard input, the text its standard output. Whoever starts it kills it when it
takes too long.
"""

import io
import json
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

from app.knowledge.readers.kinds import kind_of
from app.knowledge.readers.refusal import Refused, invalid
from app.knowledge.readers.text import cleaned

_REFUSED = 10
# A parser is imported for the file that needs it alone: PDFium takes longer than a text.
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


def main(task: dict[str, Any]) -> int:
    _limit(task["memory_bytes"], int(task["seconds"]) + 1)
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
        raise invalid("The file takes too much memory to read.") from None


def _limit(memory_bytes: int, seconds: int) -> None:
    try:
        resource: Any = import_module("resource")
    except ImportError:  # Windows: there the clock of whoever started this is all there is
        return
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),  # it has nothing to write to a disk
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # some systems know fewer limits
            resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
