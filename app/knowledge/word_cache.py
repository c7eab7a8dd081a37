"""A cache for the tokens of words, with a bound in bytes."""

import sys
from collections.abc import Callable

Made = tuple[str, ...]

# Long enough for a word of any language; longer runs of text are unlikely to occur again.
LONGEST_WORD = 32


class WordCache:
    """Caches the results of `make(kind, word)` for recently used words.

    There are two generations. When the younger one reaches half of `max_bytes`, it replaces the
    older one, which is dropped. So no usage list and no lock are needed: threads that race for a
    word only compute it twice.
    """

    def __init__(self, make: Callable[[str, str], Made], max_bytes: int) -> None:
        self._make = make
        self._half = max_bytes // 2
        self._young: dict[tuple[str, str], Made] = {}
        self._old: dict[tuple[str, str], Made] = {}
        self._young_bytes = 0

    def __call__(self, kind: str, word: str) -> Made:
        if len(word) > LONGEST_WORD:
            return self._make(kind, word)
        key = (kind, word)
        made = self._young.get(key)
        if made is None:
            made = self._old.get(key)
            if made is None:
                made = self._make(kind, word)
            self._remember(key, made)
        return made

    def _remember(self, key: tuple[str, str], made: Made) -> None:
        if self._young_bytes >= self._half:
            self._old, self._young, self._young_bytes = self._young, {}, 0
        self._young[key] = made
        self._young_bytes += _size(key, made)

    def __len__(self) -> int:
        return len(self._young) + len(self._old)


def _size(key: tuple[str, str], made: Made) -> int:
    """Return the approximate size of an entry in bytes; a dict has spare places."""
    place = 2 * 104
    return place + sum(map(sys.getsizeof, (key, key[1], made, *made)))
