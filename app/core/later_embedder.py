"""The embedding model of an upstream, whose libraries are loaded with the first text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.core.later import Later
from app.core.upstream import Upstream

if TYPE_CHECKING:
    from app.core.embeddings import OpenAIEmbedder


class LaterEmbedder:
    """An `OpenAIEmbedder`, made when it is first needed."""

    def __init__(self, upstream: Upstream, model: str) -> None:
        """`model`: the name as sent to the upstream."""

        def make() -> "OpenAIEmbedder":
            from app.core.embeddings import OpenAIEmbedder  # noqa: PLC0415

            return OpenAIEmbedder(upstream, model)

        self._embedder = Later(make)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Answer as in `OpenAIEmbedder.embed`."""
        return await (await self._embedder.get()).embed(texts)

    async def close(self) -> None:
        if self._embedder.made is not None:
            await self._embedder.made.close()
