"""The process that reads one file: `python -m app.knowledge.extraction_worker TASK`.

The file is its standard input, the text its standard output. Whoever starts it kills it when it
takes too long. Before it looks at the file it puts a fence around itself: `extraction_policy`.
"""

import io
import json
import sys
from importlib import import_module
from typing import Any

from app.core import fence
from app.knowledge.extraction_policy import policy
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
    # What is missing of the fence, the server has said in its log.
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
        raise invalid("The file takes too much memory to read.") from None


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
