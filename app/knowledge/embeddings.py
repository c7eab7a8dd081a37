"""Texts into vectors: the port, and what of numpy's is loaded only where it is used."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any, Protocol


class Embedder(Protocol):
    """A model that places texts so that those of one meaning lie near each other."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text, all of one length. Raises `ModelError`."""
        ...


@cache
def vectors() -> Any:
    """Return the module `vectors`: with it comes numpy, which most servers have no use for."""
    return import_module("app.knowledge.vectors")


async def packed_embeddings(embedder: Embedder, texts: Sequence[str]) -> list[bytes]:
    """Return the texts' embeddings as chunks keep them. Raises `ModelError`."""
    packed: list[bytes] = vectors().pack(await embedder.embed(texts))
    return packed
