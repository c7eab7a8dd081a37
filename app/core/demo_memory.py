"""The demo model's memory: the user's name, and the sentence that a question is about.

Pure functions of what a user has said in a thread, in Korean or English.
"""

import re
from collections.abc import Iterable, Sequence

_ASKS_BACK = re.compile(
    r"(아까|전에|이전|방금|앞에서|앞서).*(뭐|무엇|무슨|어디|누구|언제|몇|얼마|말했|말한|말씀|질문|물어)"
    r"|기억"
    r"|what did i (?:just )?(?:say|ask|tell)|\b(?:earlier|before|previous|previously|remember)\b",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(
    r"(?:제|내|저의|나의)\s*(?:이름|성함).*(?:뭐|뭔|무엇|누구|기억|알아|아세요|아시|말해|몰라)"
    r"|(?:제가|내가)\s*누구"
    r"|\b(?:what|who|know|remember|recall|tell|say|told|forgot)\b.*\bmy name\b|\bwho am i\b",
    re.IGNORECASE,
)
_ASKS_ABOUT_ONESELF = re.compile(
    r"(?:^|\s)(?:제|내|저의|나의|제가|내가|저는|나는|우리)\s.*(?:뭐|뭔|무엇|무슨|누구|어디|언제|몇|어느|얼마)"
    r"|\b(?:what|who|where|when|which)\b.*\b(?:my|i|our|we)\b",
    re.IGNORECASE,
)

_STATED_NAMES = (
    re.compile(r"\b(?i:my name(?:'s|’s| is)|call me)\s+([^\W\d_][\w'-]*(?:\s+[A-Z][\w'-]*){0,2})"),
    re.compile(r"(?:제|내|저의|나의)\s*이름은\s+([^,.!?\n]+)"),
    re.compile(r"(?:저를|나를)\s+([^,.!?\n]+?라고)\s+불러"),
)
# These may mean something else (`I'm hungry`): they count only if no name was stated.
_LIKELY_NAMES = (
    re.compile(r"\b[Ii](?:'m| am|’m)\s+([A-Z][\w'-]*(?:\s+[A-Z][\w'-]*){0,2})"),
    re.compile(r"(?:^|\s)(?:저는|나는|전|난)\s+([^,.!?\n]+)"),
)
# Endings after a name in Korean, longest first. Those with 이 follow only a final consonant.
_AFTER_A_NAME = (
    *("이라고", "이에요", "입니다", "이예요", "라고", "예요", "에요", "이야", "이고", "이죠"),
    *("야", "고", "죠"),
)
_WORDS_OF_A_NAME = 3

_SENTENCE_END = re.compile(r"(?<=[.!?。])\s+|\n+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_HANGUL = re.compile(r"[가-힣]{2,}")
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about am an and are at before can did do does earlier for have how i in is it just know
        me my of on or our previous previously remember said say tell that the this to was we were
        what when where which who why with you your
        """,
    )
)
# Syllable pairs that are common in questions.
_STOP_PAIRS = frozenset(
    re.findall(
        r"\w+",
        """
        뭐라 라고 했죠 했지 했나 말했 말한 말씀 씀하 하셨 아까 방금 제가 내가 저는 나는 무엇 무슨
        엇을 이전 전에 앞에 에서 앞서 질문 물어 기억 억하 하세 세요 하나 나요 뭐였 였죠 였지 뭐예
        예요 이에 에요 입니 니다 인가 가요 뭐야 이야 뭔가 습니 니까 어디 디라 언제 누구 얼마
        """,
    )
)


def asks_back(text: str) -> bool:
    """Return whether the user asks about what was said before."""
    return bool(_ASKS_BACK.search(text)) or asks_name(text)


def asks_name(text: str) -> bool:
    """Return whether users ask for their own name."""
    return bool(_ASKS_NAME.search(text))


def asks_about_oneself(text: str) -> bool:
    """Return whether it may be a question about something that the user has said."""
    return bool(_ASKS_ABOUT_ONESELF.search(text))


def name_in(said: Sequence[str]) -> str | None:
    """Return the name that was stated last; None if there is none."""
    for patterns in (_STATED_NAMES, _LIKELY_NAMES):
        for sentence in reversed([one for text in said for one in _sentences(text)]):
            if not asks_name(sentence) and (name := _name(sentence, patterns)):
                return name
    return None


def most_relevant(said: Sequence[str], question: str) -> str | None:
    """Return the sentence that shares the most words with the question; on a tie, the latest.

    None if no sentence shares a word with it.
    """
    wanted = _features(question)
    best, most = None, 0
    for sentence in (one for text in said for one in _sentences(text)):
        shared = len(wanted & _features(sentence))
        if shared and shared >= most and not asks_back(sentence):
            best, most = sentence, shared
    return best


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def _name(sentence: str, patterns: Iterable[re.Pattern[str]]) -> str | None:
    for pattern in patterns:
        if found := pattern.search(sentence):
            korean = _HANGUL.search(pattern.pattern)
            return _before_ending(found[1].split()) if korean else found[1]
    return None


def _before_ending(words: Sequence[str]) -> str | None:
    """Return the name at the beginning of `words`, up to the word that has an ending."""
    for place, word in enumerate(words[:_WORDS_OF_A_NAME]):
        if stem := _without_ending(word):
            return " ".join([*words[:place], stem])
    return None


def _without_ending(word: str) -> str:
    for ending in _AFTER_A_NAME:
        stem = word.removesuffix(ending)
        if stem and stem != word and (not ending.startswith("이") or _may_precede_i(stem)):
            return stem
    return ""


def _may_precede_i(stem: str) -> bool:
    """Return whether 이 may follow: after a final consonant, or after anything but Hangul."""
    last = ord(stem[-1]) - ord("가")
    return not 0 <= last <= ord("힣") - ord("가") or last % 28 != 0


def _features(text: str) -> set[str]:
    """Return what a text is about: its words; for Korean words, their syllable pairs.

    Particles and endings change the end of a Korean word; its other syllable pairs stay.
    """
    words = (word.lower() for word in _WORD.findall(text))
    plain = {_singular(word) for word in words if not _HANGUL.search(word)} - _STOP_WORDS
    return plain | (_pairs(_HANGUL.findall(text)) - _STOP_PAIRS)


def _pairs(words: Iterable[str]) -> set[str]:
    return {word[at : at + 2] for word in words for at in range(len(word) - 1)}


def _singular(word: str) -> str:
    word = re.sub(r"['’]s$", "", word)
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
