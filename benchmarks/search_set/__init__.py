"""A labelled set: documents and questions in Korean and English, written for this project.

The documents are those of a maker of digital signage. A question's `documents` are those that
answer it; many questions use different words than the answer. Those that are `paraphrased` share
hardly a word with it, as when people ask who don't know what the maker calls things.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent
LANGUAGES = ("ko", "en")
_AT = 5


@dataclass(frozen=True)
class Question:
    language: str
    text: str
    documents: frozenset[str]
    paraphrased: bool = False


@dataclass(frozen=True)
class Quality:
    """`recall`: the mean share of a question's documents that are among the first five results;
    `mrr`: the mean of 1 / the rank of the first right one.
    """

    recall: float
    mrr: float
    missed: tuple[str, ...]


def documents() -> dict[str, str]:
    """Return the texts by their file names."""
    files = sorted((_FOLDER / "documents").iterdir())
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def questions() -> list[Question]:
    lines = (_FOLDER / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = map(json.loads, lines)
    return [
        Question(
            row["language"],
            row["question"],
            frozenset(row["documents"]),
            row.get("paraphrased", False),
        )
        for row in rows
    ]


def quality(answers: Sequence[tuple[Question, Sequence[str]]]) -> Quality:
    """Rate answers: each is a question, and the documents of its results, best first."""
    recalls = [
        len(question.documents.intersection(found[:_AT])) / len(question.documents)
        for question, found in answers
    ]
    ranks = [_reciprocal_rank(question, found) for question, found in answers]
    missed = [
        question.text for (question, _), recall in zip(answers, recalls, strict=True) if not recall
    ]
    return Quality(sum(recalls) / len(recalls), sum(ranks) / len(ranks), tuple(missed))


def _reciprocal_rank(question: Question, found: Sequence[str]) -> float:
    places = [place for place, name in enumerate(found, 1) if name in question.documents]
    return 1 / places[0] if places else 0.0
