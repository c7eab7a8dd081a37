"""Questions that found no passage or got a thumb down, and the right answers written to them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from app.db import answers, assistants, unanswered
from app.db.database import Connection
from app.db.insight_days import Period
from app.db.unanswered import Unanswered
from app.schemas.file_search import stores_in
from app.schemas.insights import AnswerWritten, AskedIn, QuestionGroup
from app.services.question_groups import Written, answer_to, grouped

# How many questions of each kind are compared, and how many examples a group has.
_COMPARED = 2000
_EXAMPLES = 5


@dataclass(frozen=True)
class Questions:
    """`complete`: whether these are all. `written`: the right answers of the assistants asked."""

    asked: list[Unanswered]
    complete: bool
    written: list[Written]

    def groups(self, limit: int) -> list[QuestionGroup]:
        """Return the largest groups. Thousands of similar questions take a second or more."""
        return [
            _group(asked, answer_to(asked, self.written)) for asked in grouped(self.asked)[:limit]
        ]


def unanswered_questions(connection: Connection, period: Period) -> Questions:
    found, complete = unanswered.find(connection, period, _COMPARED)
    asked = {one.assistant_id for one in found}
    of_store: defaultdict[str, set[str]] = defaultdict(set)
    for key, resources in assistants.resources_of(connection, period.project, asked).items():
        for store_id in stores_in(resources):
            of_store[store_id].add(key)
    written = [
        Written(
            id=str(file.attributes[answers.ANSWER_ID]),
            assistant_ids=frozenset(of_store[file.vector_store_id]),
            question=str(file.attributes.get(answers.QUESTION, "")),
            at=file.created_at,
        )
        for file in answers.in_stores(connection, of_store)
    ]
    return Questions(found, complete, written)


def _group(asked: Sequence[Unanswered], written: Written | None) -> QuestionGroup:
    newest = asked[0]
    return QuestionGroup(
        question=newest.question,
        count=len(asked),
        nothing_found=sum(one.found_nothing for one in asked),
        thumbs_down=sum(one.rated_down for one in asked),
        last_asked_at=newest.asked_at,
        answer=None if written is None else _written(asked, written),
        examples=[
            AskedIn(
                thread_id=one.thread_id,
                run_id=one.run_id,
                assistant_id=one.assistant_id,
                question=one.question,
                asked_at=one.asked_at,
                found_nothing=one.found_nothing,
                rated_down=one.rated_down,
                comment=one.comment,
            )
            for one in asked[:_EXAMPLES]
        ],
    )


def _written(asked: Sequence[Unanswered], written: Written) -> AnswerWritten:
    # The newest question's assistant, if it is one of several.
    assistant_id = next(
        one.assistant_id for one in asked if one.assistant_id in written.assistant_ids
    )
    return AnswerWritten(
        id=written.id,
        assistant_id=assistant_id,
        question=written.question,
        created_at=written.at,
        asked_since=sum(one.asked_at > written.at for one in asked),
    )
