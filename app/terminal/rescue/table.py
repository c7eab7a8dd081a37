"""A table of one's own messages: CSV, TSV or JSON Lines, with columns guessed from their names."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfoNotFoundError

import typer

from app.db.spool import Spool
from app.terminal.client import Object
from app.terminal.failures import Failure
from app.terminal.language import Said, both
from app.terminal.moving.sending import line_of
from app.terminal.rescue.dates import Read, reader_of_times
from app.terminal.rescue.reader import (
    Found,
    LeftOut,
    Reader,
    as_metadata,
    made_id,
    message,
    thread,
)
from app.terminal.rescue.table_columns import Columns, chosen_columns, role_of
from app.terminal.rescue.table_rows import rows_in

_THREAD_ID = re.compile(r"thread_[A-Za-z0-9_-]{1,120}")

_COLUMN = "COLUMN"


def _option(name: str, english: str, korean: str) -> Any:
    return typer.Option(name, metavar=_COLUMN, help=both(english, korean))


def _read(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help=both("A CSV, TSV or JSON Lines file.", "CSV나 TSV, JSON Lines 파일."),
        ),
    ],
    thread_id: Annotated[
        str | None,
        _option("--thread-id-column", "Which conversation a row is in.", "대화를 구분하는 열."),
    ] = None,
    role: Annotated[
        str | None, _option("--role-column", "Who wrote the message.", "보낸 사람의 열.")
    ] = None,
    content: Annotated[
        str | None, _option("--content-column", "The message.", "메시지의 열.")
    ] = None,
    time: Annotated[
        str | None, _option("--time-column", "When it was written.", "시각의 열.")
    ] = None,
    message_id: Annotated[
        str | None, _option("--id-column", "The message's id.", "메시지 ID의 열.")
    ] = None,
    question: Annotated[
        str | None,
        _option(
            "--question-column",
            "The question, if a row has both question and answer.",
            "한 행에 질문과 답변이 함께 있을 때 질문의 열.",
        ),
    ] = None,
    answer: Annotated[
        str | None,
        _option("--answer-column", "The answer in such a row.", "그런 행에서 답변의 열."),
    ] = None,
    timezone: Annotated[
        str,
        typer.Option(
            "--timezone",
            help=both(
                "Where times without a time zone were written, such as Asia/Seoul; default: UTC.",
                "시간대가 없는 시각의 시간대. 예: Asia/Seoul. 기본값은 UTC입니다.",
            ),
            show_default=False,
        ),
    ] = "UTC",
    day_first: Annotated[
        bool,
        typer.Option(
            "--day-first",
            help=both("01/03/2026 is the first of March.", "01/03/2026을 3월 1일로 읽습니다."),
        ),
    ] = False,
) -> Iterator[Found]:
    try:
        read_time = reader_of_times(zone=timezone, day_first=day_first)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Failure(_NO_ZONE.filled(zone=timezone), status=2) from error
    given = {
        "thread": thread_id,
        "role": role,
        "content": content,
        "time": time,
        "id": message_id,
        "question": question,
        "answer": answer,
    }
    rows = rows_in(source)
    first = next(rows, None)
    if first is None:
        return
    table = _Table(chosen_columns([*first], given), read_time)
    with Spool() as spool:
        yield from table.fill(spool, _again(first, rows))
        yield from table.threads()
        for line in spool.of_rank(0):
            yield json.loads(line)


def _again(first: Object, rows: Iterator[Object]) -> Iterator[Object]:
    yield first
    yield from rows


class _Table:
    """Turns rows into messages; they are sorted by time, then in the order of the rows."""

    def __init__(self, columns: Columns, read_time: Read) -> None:
        self._columns = columns
        self._read_time = read_time
        # By the value of the thread's column: id and first time.
        self._threads: dict[str, tuple[str, int]] = {}
        self._place = 0

    def fill(self, spool: Spool, rows: Iterable[Object]) -> Iterator[LeftOut]:
        for number, row in enumerate(rows, 1):
            key = row.get(self._columns.thread)
            if key is None or key == "":
                yield LeftOut(_NO_THREAD, str(number))
                continue
            for role, text, place in self._said(row):
                if role is None:
                    yield LeftOut(_OTHER_ROLE, text)
                elif text:
                    thread_id, moment = self._thread(str(key), row)
                    self._add(spool, thread_id, moment, role, text, row, number, place)

    def threads(self) -> Iterator[Object]:
        for key, (thread_id, created) in self._threads.items():
            pairs = [] if key == thread_id else [("source_id", key)]
            yield thread(thread_id, created, as_metadata(pairs))

    def _thread(self, key: str, row: Object) -> tuple[str, int]:
        """Return the row's thread and time; a row without a time has that of an earlier one."""
        thread_id, first = self._threads.get(key, (_thread_id(key), None))
        given = self._columns.time
        moment = self._read_time(row.get(given)) if given else None
        if moment is None:
            moment = first or 0
        self._threads[key] = thread_id, moment if first is None else min(first, moment)
        return thread_id, moment

    def _said(self, row: Object) -> Iterator[tuple[str | None, str, int]]:
        """Yield role, text and place of each message in a row; the role is None for others."""
        columns = self._columns
        if columns.question and columns.answer:
            yield "user", _text(row.get(columns.question)), 0
            yield "assistant", _text(row.get(columns.answer)), 1
        elif columns.content:
            given = row.get(columns.role) if columns.role else "user"
            role = role_of(given, columns.role or "")
            yield role, _text(row.get(columns.content)) if role else str(given), 0

    def _add(
        self,
        spool: Spool,
        thread_id: str,
        moment: int,
        role: str,
        text: str,
        row: Object,
        number: int,
        place: int,
    ) -> None:
        self._place += 1
        given = row.get(self._columns.id) if self._columns.id else None
        message_id = made_id("msg", thread_id, given or number, place)
        if isinstance(given, str) and given.startswith("msg_") and not place:
            message_id = given
        others = ((name, value) for name, value in row.items() if name not in self._columns.used)
        one = message(
            message_id,
            thread_id,
            moment,
            role,
            text,
            metadata=as_metadata((name, value) for name, value in others if name),
        )
        spool.add(0, message_id, line_of(one), time=moment, place=self._place)


def _thread_id(key: str) -> str:
    return key if _THREAD_ID.fullmatch(key) else made_id("thread", "table", key)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_NO_THREAD = Said("rows without a conversation", "대화가 없는 행")
_OTHER_ROLE = Said("messages of other roles", "역할이 다른 메시지")
_NO_ZONE = Said("There is no time zone {zone}.", "{zone} 시간대는 없습니다.")
READER = Reader(
    "table",
    both(
        "Messages in a table of your own (CSV, TSV or JSON Lines).",
        "직접 만든 표의 메시지(CSV, TSV, JSON Lines).",
    ),
    _read,
    Said("runs and their steps, and files", "실행과 그 단계, 파일"),
)
