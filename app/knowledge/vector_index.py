"""The embeddings of a store in memory, and searches in them.

Besides the embeddings themselves, there is one bit for the sign of each dimension. A search counts
how many signs differ from the question's, which reads an eighth of the data and takes a twentieth
of the time, and compares only the nearest tenth exactly.
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from app.knowledge.vectors import Floats, Packed, joined, lengths, products, unit

_WORD_BITS = 64
# How many passages are kept together: the first block has the lower number, later ones more.
_LEAST_BLOCK, _LARGEST_BLOCK = 256, 8192
# If there are no more than this many, all of them are compared exactly.
_FEW = 4096
# Otherwise one in this many.
_COMPARED_SHARE = 10

_Places = npt.NDArray[np.int64]
_Files = npt.NDArray[np.int32]
_Signs = npt.NDArray[np.uint64]


class VectorIndex:
    """The embeddings of one length of a store.

    One thread may add or remove while others search: they see what was added before they began.
    """

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._blocks: list[_Block] = []
        self._files: dict[str, int] = {}
        self._removed = 0

    @property
    def memory(self) -> int:
        """How many bytes of memory it takes."""
        return sum(block.capacity for block in self._blocks) * passage_bytes(self.dimensions)

    @property
    def mostly_removed(self) -> bool:
        return self._removed * 2 > sum(block.count for block in self._blocks)

    def add(self, ids: Sequence[int], file_ids: Sequence[str], embeddings: Sequence[bytes]) -> None:
        """Add passages. Embeddings of another length are of another model and left out."""
        fitting = [place for place, one in enumerate(embeddings) if len(one) == self.dimensions]
        if not fitting:
            return
        numbers = [self._files.setdefault(file_ids[at], len(self._files)) for at in fitting]
        keys = np.array([ids[at] for at in fitting], dtype=np.int64)
        files = np.array(numbers, dtype=np.int32)
        values = joined([embeddings[at] for at in fitting])
        while len(keys):
            taken = self._room().add(keys, files, values)
            keys, files, values = keys[taken:], files[taken:], values[taken:]

    def _room(self) -> "_Block":
        if not self._blocks or self._blocks[-1].is_full:
            size = self._blocks[-1].capacity * 2 if self._blocks else _LEAST_BLOCK
            self._blocks.append(_Block(self.dimensions, min(size, _LARGEST_BLOCK)))
        return self._blocks[-1]

    def remove(self, ids: Iterable[int]) -> None:
        """Leave these passages out of every later search."""
        gone = np.array([*ids], dtype=np.int64)
        self._removed += sum(block.remove(np.isin(block.ids, gone)) for block in self._blocks)

    def keep_only(self, ids: Sequence[int]) -> None:
        """Leave all others out of every later search."""
        kept = np.array(ids, dtype=np.int64)
        self._removed += sum(block.remove(~np.isin(block.ids, kept)) for block in self._blocks)

    def best(
        self, question: Sequence[float], limit: int, file_ids: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """Return the ids of the nearest passages and their cosines, the nearest first.

        `file_ids`: only passages of these files.
        """
        asked = unit(question)
        files = None if file_ids is None else self._numbers(file_ids)
        parts = [(block, block.allowed(files)) for block in self._blocks]
        count = sum(len(places) for _, places in parts)
        if count == 0:
            return []
        if count > max(_FEW, limit):
            wanted = max(_FEW, limit, count // _COMPARED_SHARE)
            parts = _most_alike(parts, signs(asked[np.newaxis])[0], wanted)
        ids = np.concatenate([block.ids[places] for block, places in parts])
        cosines = np.concatenate([block.cosines(asked, places) for block, places in parts])
        order = np.argsort(-cosines, kind="stable")[:limit]
        return [(int(ids[place]), float(cosines[place])) for place in order]

    def _numbers(self, file_ids: Collection[str]) -> _Files:
        known = [self._files[file_id] for file_id in file_ids if file_id in self._files]
        return np.array(known, dtype=np.int32)


class _Block:
    """Some passages; the first `count` places are taken."""

    def __init__(self, dimensions: int, capacity: int) -> None:
        self.count = 0
        self.capacity = capacity
        self.ids = np.full(capacity, -1, dtype=np.int64)
        self._files = np.zeros(capacity, dtype=np.int32)
        self._lengths = np.ones(capacity, dtype=np.float32)
        self._there = np.zeros(capacity, dtype=np.bool_)
        self._values: Packed = np.zeros((capacity, dimensions), dtype=np.int8)
        # Transposed: one word of all passages is read at a time.
        self._signs: _Signs = np.zeros((_words(dimensions), capacity), dtype=np.uint64)

    @property
    def is_full(self) -> bool:
        return self.count == self.capacity

    def add(self, ids: _Places, files: _Files, values: Packed) -> int:
        """Add as many as there is room for; return how many."""
        taken = min(self.capacity - self.count, len(ids))
        new = slice(self.count, self.count + taken)
        self.ids[new] = ids[:taken]
        self._files[new] = files[:taken]
        self._values[new] = values[:taken]
        self._lengths[new] = lengths(values[:taken])
        self._signs[:, new] = signs(values[:taken]).T
        # Last: searches read only what is there.
        self._there[new] = True
        self.count += taken
        return taken

    def remove(self, chosen: npt.NDArray[np.bool_]) -> int:
        """Leave the chosen ones out from now on; return how many of them were there."""
        gone = chosen & self._there
        self._there[gone] = False
        return int(np.count_nonzero(gone))

    def allowed(self, files: _Files | None) -> _Places:
        """Return the places of the passages that may be found; `files`: only of these."""
        there = self._there if files is None else self._there & np.isin(self._files, files)
        return np.flatnonzero(there)

    def differences(self, question: _Signs, places: _Places) -> npt.NDArray[np.uint16]:
        """Return how many signs differ from the question's."""
        differing = np.zeros(self.capacity, dtype=np.uint16)
        for word, asked in zip(self._signs, question, strict=True):
            differing += np.bitwise_count(word ^ asked)
        return differing[places]

    def cosines(self, question: Floats, places: _Places) -> Floats:
        found: Floats = products(self._values, question, places) / self._lengths[places]
        return found


def passage_bytes(dimensions: int) -> int:
    """Return how much memory a passage takes in an index, in bytes."""
    beside = sum(np.dtype(kind).itemsize for kind in (np.int64, np.int32, np.float32, np.bool_))
    return dimensions + 8 * _words(dimensions) + beside


def _words(dimensions: int) -> int:
    return -(-dimensions // _WORD_BITS)


def signs(values: npt.NDArray[np.int8] | Floats) -> _Signs:
    """Return a bit for each dimension of each row: whether it is greater than 0."""
    bits = np.packbits(values > 0, axis=1)
    padded = np.zeros((len(values), 8 * _words(values.shape[1])), dtype=np.uint8)
    padded[:, : bits.shape[1]] = bits
    return padded.view(np.uint64)


def _most_alike(
    parts: Sequence[tuple[_Block, _Places]], question: _Signs, count: int
) -> list[tuple[_Block, _Places]]:
    """Return the places of the `count` passages whose signs differ the least."""
    differing = [block.differences(question, places) for block, places in parts]
    joint = np.concatenate(differing)
    limit = np.partition(joint, count - 1)[count - 1]
    return [
        (block, places[some <= limit])
        for (block, places), some in zip(parts, differing, strict=True)
    ]
