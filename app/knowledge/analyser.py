"""Turns text into the tokens of the lexical index, in the same way for documents and queries.

Databases split Korean at spaces, so 디바이스 never finds 디바이스를; and a trigram index can't
contain 화면 or 해지, which have only two syllables. So text is analysed here, in one way for both
databases, which only store and rank the tokens:

- Hangul: the word without particles and endings (`korean.py`), and each pair of neighbouring
  syllables. The pairs find a noun inside a compound (재생목록 and 재생 목록 share 재생 and 목록)
  and before an ending that is in no list; the word itself ranks chunks with all of it higher.
- Latin: the word's stem (Snowball).
- Names of letters and digits: SCR-101, SCR101 and scr_101 all give scr101, scr and 101.
- Han and Kana: pairs of neighbouring characters.

An analyser with a dictionary would split Korean better, but needs a model of 100 MB.
`benchmarks/search.py` measures the quality of this one.
"""

import re
import threading
import unicodedata
from itertools import pairwise

import snowballstemmer  # type: ignore[import-untyped]

from app.knowledge.korean import bare, is_particle, stem, syllable
from app.knowledge.stop_words import STOP_WORDS
from app.knowledge.word_cache import WordCache

# Runs of one script, numbers, and names of Latin letters and digits with signs between them.
_RUN = re.compile(
    r"(?P<korean>[가-힣ㄱ-ㅎㅏ-ㅣ]+)"
    r"|(?P<number>[0-9]+(?:[.,:][0-9]+)*(?![a-z]))"
    r"|(?P<latin>[a-z0-9]+(?:['’_./+-][a-z0-9]+)*)"
    r"|(?P<cjk>[\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+)"
    r"|(?P<other>[^\W_]+)"
)
_PIECE = re.compile(r"[a-z]+|[0-9]+")
_POSSESSIVE = re.compile(r"['’]s?$")
_LONGEST_TOKEN = 64
# The memory for cached words: enough for those of some large documents.
_REMEMBERED_BYTES = 16 << 20


class _Stemmer(threading.local):
    """One for each thread: while it works, it keeps the word in itself."""

    def __init__(self) -> None:
        self.english = snowballstemmer.stemmer("english")


_stemmer = _Stemmer()


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in their order, repeated as often as they occur."""
    found: list[str] = []
    after_word = 0
    for run in _RUN.finditer(unicodedata.normalize("NFKC", text).casefold()):
        kind, word = run.lastgroup or "", run.group()
        # 101은, PDF를: Korean directly after a name is its particle.
        if kind == "korean" and run.start() == after_word and is_particle(word):
            continue
        after_word = run.end() if kind in ("latin", "number") else 0
        found += _remembered(kind, word)
    return found


def _of_run(kind: str, word: str) -> tuple[str, ...]:
    match kind:
        case "korean":
            return _korean(word)
        case "number":
            return (word.replace(",", "")[:_LONGEST_TOKEN],)
        case "latin":
            return _latin(word)
        case "cjk":
            return _pairs(word)
    return (word[:_LONGEST_TOKEN],)


_remembered = WordCache(_of_run, _REMEMBERED_BYTES)


def _korean(word: str) -> tuple[str, ...]:
    if word in STOP_WORDS:
        return ()
    base, root = bare(word), stem(word)
    if base in STOP_WORDS or root in STOP_WORDS:
        return ()
    pairs = _pairs(base)
    more = [token for token in (root, syllable(word)) if token and token not in pairs]
    return (*pairs, *(token[:_LONGEST_TOKEN] for token in more))


def _pairs(word: str) -> tuple[str, ...]:
    return tuple(first + second for first, second in pairwise(word)) or (word,)


def _latin(word: str) -> tuple[str, ...]:
    word = _POSSESSIVE.sub("", word)
    pieces = _PIECE.findall(word)
    if len(pieces) == 1:
        return _english(pieces[0])
    # A single letter (4K, e-mail) means nothing.
    words = [piece for piece in pieces if len(piece) > 1 or piece.isdigit()]
    parts = [token for word in words for token in _english(word)]
    # The whole is a token too: "SCR-101" means more than "SCR" and "101" far apart.
    return ("".join(pieces)[:_LONGEST_TOKEN], *parts)


def _english(piece: str) -> tuple[str, ...]:
    if piece in STOP_WORDS:
        return ()
    return (_stemmer.english.stemWord(piece)[:_LONGEST_TOKEN],)
