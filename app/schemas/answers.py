"""Wire objects for right answers, which an owner writes into an assistant's knowledge."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from app.schemas.common import ListedObject, RequestBody, WireObject
from app.schemas.vector_stores import FileStatus

# It is an attribute of the file too, and these have up to 512 characters.
MAX_QUESTION = 500
MAX_ANSWER = 10_000

_Question = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_QUESTION, strip_whitespace=True)
]
_Answer = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_ANSWER, strip_whitespace=True)
]


class AnswerCreate(RequestBody):
    question: _Question
    answer: _Answer


class AnswerUpdate(RequestBody):
    """Omitted fields stay unchanged."""

    question: _Question | None = None
    answer: _Answer | None = None


class Answer(ListedObject):
    """A question with its right answer: a text file in the assistant's vector store.

    The assistant finds it once `status` is `completed`. `answer` is null if the file's content is
    missing.
    """

    object: Literal["assistant.answer"] = "assistant.answer"
    created_at: int
    assistant_id: str
    question: str
    answer: str | None
    status: FileStatus
    file_id: str
    vector_store_id: str


class AnswerDeleted(WireObject):
    id: str
    object: Literal["assistant.answer.deleted"] = "assistant.answer.deleted"
    deleted: Literal[True] = True
