"""Wire objects for insights: what a project's assistants did, and what they could not answer."""

from typing import Literal

from app.schemas.common import WireObject


class Seconds(WireObject):
    """How long answers took, of all that were measured: each value is one that occurred.

    `median`: half of them were not slower. `p95`: 95 of 100 were not slower.
    """

    median: float | None
    p95: float | None


class Numbers(WireObject):
    """What ended in a period. Conversations that were deleted are not counted any more.

    `visitors`: different browsers' sessions. `answers`: completed runs. `failures`: runs that
    failed, expired or were cut off. `nothing_found`: runs whose searches found no passage.
    `first_text` and `response` are from when a run began until its first text and its end.
    Tokens and `costs`, by currency, are those of `/usage`, which keeps them.
    """

    conversations: int
    visitors: int
    answers: int
    failures: int
    nothing_found: int
    thumbs_up: int
    thumbs_down: int
    first_text: Seconds
    response: Seconds
    prompt_tokens: int
    completion_tokens: int
    costs: dict[str, float]


class DayNumbers(Numbers):
    """Those of one assistant on one day (UTC, as 2026-01-31)."""

    object: Literal["insight"] = "insight"
    date: str
    assistant_id: str


class DaySum(Numbers):
    """Those of all assistants on one day (UTC)."""

    object: Literal["insight.day"] = "insight.day"
    date: str


class InsightList(WireObject):
    """The days of the period, newest first, by assistant and together, and the period as a whole.

    `days` and `total` count each conversation and visitor once, and their times are of all answers,
    so they are not the sums of `data`.
    """

    object: Literal["list"] = "list"
    start_date: str
    end_date: str
    data: list[DayNumbers]
    days: list[DaySum]
    total: Numbers


class AskedIn(WireObject):
    """Where a question was asked. `rated_down`: its answer got a thumb down."""

    thread_id: str
    run_id: str | None
    assistant_id: str
    question: str
    asked_at: int
    found_nothing: bool
    rated_down: bool
    comment: str | None


class AnswerWritten(WireObject):
    """The right answer to a question with mostly the same words.

    `created_at`: when it was written or last changed. `asked_since`: how many questions of the
    group are newer.
    """

    id: str
    assistant_id: str
    question: str
    created_at: int
    asked_since: int


class QuestionGroup(WireObject):
    """Questions with mostly the same words; `question` is the newest of them.

    `answer` is null until the right answer is written for an assistant that was asked.
    """

    object: Literal["insight.question"] = "insight.question"
    question: str
    count: int
    nothing_found: int
    thumbs_down: int
    last_asked_at: int
    answer: AnswerWritten | None
    examples: list[AskedIn]


class QuestionList(WireObject):
    """The groups, most frequent first.

    `examined`: how many questions were compared. `complete` is false if the period has more: then
    only the newest are in the groups.
    """

    object: Literal["list"] = "list"
    start_date: str
    end_date: str
    data: list[QuestionGroup]
    examined: int
    complete: bool
