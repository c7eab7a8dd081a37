"""Turns texts into vectors: the embedder's interface, and numpy, loaded only when it is used."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any, Protocol


class Embedder(Protocol):
    """A model that turns texts into vectors; texts with similar meanings get near vectors."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text, all of one length. Raises `ModelError`."""
        ...


@cache
def vectors() -> Any:
    """Import and return the module `vectors`, which loads numpy; most servers don't need it."""
    return import_module("app.knowledge.vectors")


def vector_indexes(mebibytes: int) -> Any:
    """Return new `VectorIndexes`, which load numpy too."""
    return import_module("app.knowledge.vector_indexes").VectorIndexes(mebibytes)


async def packed_embeddings(embedder: Embedder, texts: Sequence[str]) -> list[bytes]:
    """Return the texts' embeddings in the form in which chunks store them. Raises `ModelError`."""
    packed: list[bytes] = vectors().pack(await embedder.embed(texts))
    return packed
