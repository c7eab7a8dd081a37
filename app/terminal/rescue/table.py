"""A table of one's own messages: CSV, TSV or JSON Lines, with columns guessed from their names."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any
from zoneinfo import ZoneInfoNotFoundError

import typer

from app.db.spool import Spool
from app.terminal.client import Object
from app.terminal.failures import Failure
from app.terminal.language import Said, both
from app.terminal.moving.sending import line_of
from app.terminal.options import not_read
from app.terminal.rescue.dates import Read, reader_of_times
from app.terminal.rescue.json_files import Folder, NotJson, TooLarge, values_in
from app.terminal.rescue.reader import (
    Found,
    LeftOut,
    Reader,
    as_metadata,
    made_id,
    message,
    thread,
)

# What columns are usually called, best first; compared without case and punctuation.
_NAMES = {
    "thread": (
        *("threadid", "thread", "openaithreadid", "conversationid", "conversation", "chatid"),
        *("sessionid", "session", "roomid", "dialogid", "대화id", "대화"),
        *("대화방", "채팅방", "스레드", "세션"),
    ),
    "role": (
        "role",
        "sender",
        "author",
        "from",
        "speaker",
        "sendertype",
        "type",
        "역할",
        "보낸사람",
    ),
    "content": (
        *("content", "message", "text", "body", "msg", "messagetext", "value"),
        *("내용", "메시지", "본문"),
    ),
    "time": (
        *("createdat", "timestamp", "created", "time", "date", "datetime", "sentat"),
        *("createtime", "createddate", "작성일시", "작성일", "시간", "시각", "날짜", "일시"),
    ),
    "id": ("messageid", "id", "uuid", "메시지id"),
    "question": ("question", "prompt", "query", "usermessage", "input", "질문"),
    "answer": ("answer", "response", "reply", "completion", "botmessage", "output", "답변", "응답"),
}
_ROLES = {
    "user": ("user", "human", "customer", "client", "visitor", "me", "u", "사용자", "고객", "질문"),
    "assistant": (
        *("assistant", "ai", "bot", "model", "agent", "gpt", "chatgpt", "system_reply", "a"),
        *("어시스턴트", "챗봇", "상담원", "답변"),
    ),
}
_ROLE_OF = {word: role for role, words in _ROLES.items() for word in words}
_TRUE, _FALSE = ("1", "true", "t", "yes"), ("0", "false", "f", "no")
# The longest cell: as long as the longest line of an import.
_CELL = 16 * 1024 * 1024
_HEAD = 64 * 1024
_THREAD_ID = re.compile(r"thread_[A-Za-z0-9_-]{1,120}")

_COLUMN = "COLUMN"


def _option(name: str, english: str, korean: str) -> Any:
    return typer.Option(name, metavar=_COLUMN, help=both(english, korean))


@dataclass(frozen=True)
class _Columns:
    thread: str
    time: str | None
    id: str | None
    role: str | None
    content: str | None
    question: str | None
    answer: str | None

    @property
    def used(self) -> set[str]:
        return {value for value in vars(self).values() if value is not None}


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
    rows = _rows(source)
    first = next(rows, None)
    if first is None:
        return
    table = _Table(_chosen([*first], given), read_time)
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

    def __init__(self, columns: _Columns, read_time: Read) -> None:
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
            role = _role(given, columns.role or "")
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


def _role(value: Any, column: str) -> str | None:
    word = str(value).strip().lower()
    if word in _ROLE_OF:
        return _ROLE_OF[word]
    # Such as `is_user` and `from_bot`.
    name = _plain(column)
    if word in _TRUE + _FALSE:
        for role, words in _ROLES.items():
            if any(one in name for one in words if len(one) > 2):
                other = "assistant" if role == "user" else "user"
                return role if word in _TRUE else other
    return None


# The columns


def _chosen(names: list[str], given: dict[str, str | None]) -> _Columns:
    """Return the columns to read, as given or guessed. Raises `Failure`."""
    found: dict[str, str | None] = {}
    for use, wanted in given.items():
        if wanted is not None and wanted not in names:
            raise Failure(_NO_COLUMN.filled(column=wanted, names=", ".join(names)), status=2)
        found[use] = wanted or _guessed(names, use)
    if given["content"] is None and found["question"] and found["answer"]:
        found["content"] = None
    elif found["content"]:
        found["question"] = found["answer"] = None
    if not found["role"] and found["content"]:
        found["role"] = next((name for name in names if _plain(name).startswith("is")), None)
    if not found["thread"] or not (found["content"] or found["question"]):
        missing = "--thread-id-column" if not found["thread"] else "--content-column"
        raise Failure(_WHICH.filled(option=missing, names=", ".join(names)), status=2)
    thread_name = found.pop("thread")
    assert thread_name is not None
    return _Columns(thread=thread_name, **found)


def _guessed(names: list[str], use: str) -> str | None:
    plain = {_plain(name): name for name in reversed(names)}
    return next((plain[wanted] for wanted in _NAMES[use] if wanted in plain), None)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


# The rows


def _rows(source: Path) -> Iterator[Object]:
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


_NO_THREAD = Said("rows without a conversation", "대화가 없는 행")
_OTHER_ROLE = Said("messages of other roles", "역할이 다른 메시지")
_NO_ZONE = Said("There is no time zone {zone}.", "{zone} 시간대는 없습니다.")
_NO_COLUMN = Said(
    "There is no column {column}. The columns are: {names}",
    "{column} 열이 없습니다. 있는 열: {names}",
)
_WHICH = Said(
    "Name the column with {option}. The columns are: {names}",
    "열을 지정해 주세요: {option}. 있는 열: {names}",
)
_NOT_ROWS = Said(
    "{path} has lines that are not JSON objects.", "{path}에 JSON 객체가 아닌 줄이 있습니다."
)

READER = Reader(
    "table",
    both(
        "Messages in a table of your own (CSV, TSV or JSON Lines).",
        "직접 만든 표의 메시지(CSV, TSV, JSON Lines).",
    ),
    _read,
    Said("runs and their steps, and files", "실행과 그 단계, 파일"),
)
