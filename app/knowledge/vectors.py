"""Packs embeddings for storage, and finds the nearest ones.

Each dimension takes one byte instead of four, so a search reads a quarter of the data. No scale is
stored, because the similarity of two vectors doesn't depend on their lengths.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_GREATEST = 127
_KEPT = np.dtype(np.int8)
# How many are converted to floats at a time: few enough to stay in the processor's cache.
_COMPARED_AT_ONCE = 64

Floats = npt.NDArray[np.float32]
Packed = npt.NDArray[np.int8]


def pack(embeddings: Sequence[Sequence[float]]) -> list[bytes]:
    """Return each embedding as bytes."""
    if not embeddings:
        return []
    values = np.asarray(embeddings, dtype=np.float32)
    largest = np.abs(values).max(axis=1, keepdims=True)
    scaled = np.rint(values * (_GREATEST / np.where(largest > 0, largest, 1)))
    return [row.tobytes() for row in scaled.astype(_KEPT)]


class Nearest:
    """Ranks embeddings, added in any number of batches, by their similarity to a question's."""

    def __init__(self, question: Sequence[float]) -> None:
        self._question = unit(question)
        self._ids: list[int] = []
        self._nearness: list[Floats] = []

    def add(self, ids: Sequence[int], embeddings: Sequence[bytes]) -> None:
        """Compare a batch. Embeddings of another length are of another model and left out."""
        size = len(self._question)
        fitting = [pair for pair in zip(ids, embeddings, strict=True) if len(pair[1]) == size]
        if not fitting:
            return
        values = joined([embedding for _, embedding in fitting])
        self._ids += [chunk_id for chunk_id, _ in fitting]
        self._nearness.append(products(values, self._question) / lengths(values))

    def best(self, limit: int) -> list[tuple[int, float]]:
        """Return the ids of the nearest embeddings and their cosines, the nearest first."""
        if not self._ids:
            return []
        nearness = np.concatenate(self._nearness)
        order = np.argsort(-nearness, kind="stable")[:limit]
        return [(self._ids[place], float(nearness[place])) for place in order]


def unit(vector: Sequence[float]) -> Floats:
    """Return a vector of the same direction whose length is 1."""
    values = np.asarray(vector, dtype=np.float32)
    scaled: Floats = values / max(float(np.linalg.norm(values)), 1e-12)
    return scaled


def joined(embeddings: Sequence[bytes]) -> Packed:
    """Return packed embeddings of one length as the rows of a matrix."""
    return np.frombuffer(b"".join(embeddings), dtype=_KEPT).reshape(len(embeddings), -1)


def lengths(values: Packed) -> Floats:
    """Return the length of each row, at least 1."""
    found = np.empty(len(values), dtype=np.float32)
    for start in range(0, len(values), _COMPARED_AT_ONCE):
        some = values[start : start + _COMPARED_AT_ONCE].astype(np.float32)
        found[start : start + len(some)] = np.sqrt(np.einsum("ij,ij->i", some, some))
    return np.maximum(found, 1.0)


def products(
    values: Packed, question: Floats, places: npt.NDArray[np.int64] | None = None
) -> Floats:
    """Return the products of the question and these rows; None: all rows."""
    count = len(values) if places is None else len(places)
    found = np.empty(count, dtype=np.float32)
    some = np.empty((_COMPARED_AT_ONCE, len(question)), dtype=np.float32)
    for start in range(0, count, _COMPARED_AT_ONCE):
        end = min(start + _COMPARED_AT_ONCE, count)
        np.copyto(
            some[: end - start], values[start:end] if places is None else values[places[start:end]]
        )
        # Not `@`: its threads get so little work each that on a busy machine they only wait.
        np.einsum("ij,j->i", some[: end - start], question, out=found[start:end])
    return found
