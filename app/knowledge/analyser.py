"""Text into the tokens that the lexical index holds: one analyser, for index and query alike.

Databases cut Korean at spaces, so that 디바이스를 is never found by 디바이스; and an index of
trigrams can't hold 화면 or 해지 at all, which have two syllables. So the analysis happens here,
once for SQLite and PostgreSQL, which are then only asked to keep and rank tokens:

- Hangul: the word without particles and endings (`korean.py`), and each pair of neighbouring
  syllables. The pairs find a noun inside of a compound (재생목록 and 재생 목록 share 재생 and 목록)
  and under an ending that no list knows; the word itself ranks whoever holds all of it higher.
- Latin: the word's stem (Snowball).
- Names made of letters and digits: SCR-101, SCR101 and scr_101 all give scr101, scr and 101.
- Han and Kana: pairs of neighbours.

An analyser with a dictionary cuts Korean better, and brings a model of 100 MB along. How well this
one does is measured by `benchmarks/search.py`.
"""

import re
import unicodedata
from itertools import pairwise

import snowballstemmer  # type: ignore[import-untyped]

from app.knowledge.korean import bare, is_particle, stem, syllable
from app.knowledge.stop_words import STOP_WORDS
from app.knowledge.word_cache import WordCache

# In order: what has letters and digits with joints between them, numbers, and runs of one script.
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
# What the words may take that are remembered: those of some large documents.
_REMEMBERED_BYTES = 16 << 20

_stemmer = snowballstemmer.stemmer("english")


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in their order, repeated as often as they occur."""
    found: list[str] = []
    after_word = 0
    for run in _RUN.finditer(unicodedata.normalize("NFKC", text).casefold()):
        kind, word = run.lastgroup or "", run.group()
        # 101은, PDF를: what follows a name directly is its particle.
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
    # A letter alone (4K, e-mail) says nothing.
    words = [piece for piece in pieces if len(piece) > 1 or piece.isdigit()]
    parts = [token for word in words for token in _english(word)]
    # The whole counts as a name of its own: "SCR-101" is more than "SCR" and "101" far apart.
    return ("".join(pieces)[:_LONGEST_TOKEN], *parts)


def _english(piece: str) -> tuple[str, ...]:
    if piece in STOP_WORDS:
        return ()
    return (_stemmer.stemWord(piece)[:_LONGEST_TOKEN],)
