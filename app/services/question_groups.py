"""Groups questions that have mostly the same words. Pure.

Two questions are the same if they share at least half of the words that either has (Jaccard index),
after the analysis that search makes of them: without case, particles, endings and words such as
"how" or 알려주세요. Synonyms are different words, so a paraphrase may be a group of its own.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from app.db.unanswered import Unanswered
from app.knowledge.analyser import tokens

_ALIKE = 0.5


@dataclass(frozen=True)
class Written:
    """A right answer of one or several assistants; `at`: when it was written or last changed."""

    id: str
    assistant_ids: frozenset[str]
    question: str
    at: int

    @cached_property
    def words(self) -> frozenset[str]:
        return _words(self.question)


def grouped(asked: Sequence[Unanswered]) -> list[list[Unanswered]]:
    """Return the groups, the largest first; each has its questions in the given order.

    A question joins the group whose first question is most similar.
    """
    groups: list[list[Unanswered]] = []
    words_of: list[frozenset[str]] = []
    with_word: defaultdict[str, list[int]] = defaultdict(list)
    for one in asked:
        words = _words(one.question)
        shared = Counter(place for word in words for place in with_word[word])
        place = _most_similar(words, shared, words_of)
        if place is None:
            place = len(groups)
            groups.append([])
            words_of.append(words)
            for word in words:
                with_word[word].append(place)
        groups[place].append(one)
    # Sorting keeps the order of groups of one size.
    return sorted(groups, key=len, reverse=True)


def answer_to(asked: Sequence[Unanswered], written: Sequence[Written]) -> Written | None:
    """Return the right answer to a group's questions, from an assistant that was asked one of them.

    It is the one whose question is most similar to the group's first question, and of several the
    first.
    """
    assistant_ids = {one.assistant_id for one in asked}
    words = _words(asked[0].question)

    def likeness(one: Written) -> float:
        return len(words & one.words) / len(words | one.words)

    usable = [one for one in written if assistant_ids & one.assistant_ids]
    best = max(usable, key=likeness, default=None)
    return best if best is not None and likeness(best) >= _ALIKE else None


def _words(question: str) -> frozenset[str]:
    # A question of nothing but common words is its own.
    return frozenset(tokens(question)) or frozenset({question.casefold()})


def _most_similar(
    words: frozenset[str], shared: Counter[int], words_of: Sequence[frozenset[str]]
) -> int | None:
    def likeness(place: int) -> float:
        return shared[place] / len(words | words_of[place])

    best = max(shared, key=likeness, default=None)
    return best if best is not None and likeness(best) >= _ALIKE else None
