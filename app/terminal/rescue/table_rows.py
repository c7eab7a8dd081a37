"""The rows of a table: of a CSV, TSV or JSON Lines file, in the encodings that Excel writes."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from app.terminal.client import Object
from app.terminal.failures import Failure
from app.terminal.language import Said
from app.terminal.options import not_read
from app.terminal.rescue.json_files import Folder, NotJson, TooLarge, values_in

# The longest cell: as long as the longest line of an import.
_CELL = 16 * 1024 * 1024
_HEAD = 64 * 1024


def rows_in(source: Path) -> Iterator[Object]:
    """Yield each row as values by column. Raises `Failure`."""
    if source.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        yield from _json_rows(source)
        return
    csv.field_size_limit(_CELL)
    try:
        with source.open("rb") as raw:
            yield from _csv_rows(raw)
    except OSError as error:
        raise not_read(source, error) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise not_read(source, OSError(str(error))) from error


def _json_rows(source: Path) -> Iterator[Object]:
    folder = Folder(source)
    for name in folder.names():
        for value in values_in(folder, name):
            if isinstance(value, NotJson | TooLarge) or not isinstance(value, dict):
                raise Failure(_NOT_ROWS.filled(path=source), status=2)
            yield value


def _csv_rows(raw: IO[bytes]) -> Iterator[Object]:
    head = raw.read(_HEAD)
    raw.seek(0)
    encoding = _encoding(head)
    with io.TextIOWrapper(raw, encoding=encoding, newline="") as text:
        reader = csv.DictReader(text, delimiter=_delimiter(head.decode(encoding, "ignore")))
        for row in reader:
            # Cells beyond the header.
            row.pop(None, None)
            yield row


def _delimiter(head: str) -> str:
    try:
        return csv.Sniffer().sniff(head.partition("\n")[0], ",;\t|").delimiter
    except csv.Error:
        return ","


def _encoding(head: bytes) -> str:
    """Return the encoding of a table; Excel writes UTF-16 and CP949, too."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        # The sample may end inside a character.
        head[:-4].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "utf-8-sig" if error.start > len(head) - 8 else "cp949"
    return "utf-8-sig"


_NOT_ROWS = Said(
    "{path} has lines that are not JSON objects.", "{path}에 JSON 객체가 아닌 줄이 있습니다."
)
