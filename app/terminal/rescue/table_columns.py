"""Which column of a table has what, guessed from the columns' names, and what roles are called."""

import re
from dataclasses import dataclass
from typing import Any

from app.terminal.failures import Failure
from app.terminal.language import Said

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


@dataclass(frozen=True)
class Columns:
    """The names of the columns, by what is in them; None: the table has no such column."""

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


def chosen_columns(names: list[str], given: dict[str, str | None]) -> Columns:
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
    return Columns(thread=thread_name, **found)


def _guessed(names: list[str], use: str) -> str | None:
    plain = {_plain(name): name for name in reversed(names)}
    return next((plain[wanted] for wanted in _NAMES[use] if wanted in plain), None)


def role_of(value: Any, column: str) -> str | None:
    """Return whose message it is, from the value in the role's column; None for other roles."""
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


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


_NO_COLUMN = Said(
    "There is no column {column}. The columns are: {names}",
    "{column} 열이 없습니다. 있는 열: {names}",
)
_WHICH = Said(
    "Name the column with {option}. The columns are: {names}",
    "열을 지정해 주세요: {option}. 있는 열: {names}",
)
