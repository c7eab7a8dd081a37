"""The real embedding model: any server that offers OpenAI's `POST /embeddings`."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from app.core.attempts import Persistence
from app.core.model import Advice, AttemptFailed
from app.core.refusals import Refusals
from app.core.response_stream import read_object
from app.core.upstream import Upstream
from app.core.upstream_call import UpstreamCalls
from app.core.upstream_http import UpstreamHttp, fields_of
from app.core.upstream_transport import AiohttpTransport, Transport
from app.core.wire_api import BrokenAnswer
from app.domain.errors import ModelError

# OpenAI accepts 2048 texts and 300,000 tokens per request; a token has three bytes or more.
_TEXTS_AT_ONCE = 256
_BYTES_AT_ONCE = 300_000
# A text may have 8192 tokens; chunks are shorter, and the end of a long question is cut.
_LONGEST_TEXT = 16_000
# Seconds before the first retry.
_RETRY_PAUSE = 0.5


class OpenAIEmbedder:
    """Calls `POST {address}/embeddings`. The `Embedder` of `knowledge.embeddings`."""

    def __init__(
        self,
        upstream: Upstream,
        model: str,
        transport: Transport | None = None,
    ) -> None:
        """`model`: the name as sent to the upstream."""
        self._model = model
        self._server = upstream.name
        self._transport = transport or AiohttpTransport()
        # No metrics: they count only the calls of chat models.
        self._calls = UpstreamCalls(upstream, None)
        self._http = UpstreamHttp(upstream, self._transport, "embeddings")
        refusals = Refusals(frozenset({"encoding_format"}))
        self._persistence = Persistence(upstream, refusals, pause=_RETRY_PAUSE)

    async def close(self) -> None:
        await self._transport.close()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text, all of the same length. Raises `ModelError`."""
        embeddings: list[list[float]] = []
        for batch in _batches(texts):
            embeddings += await self._embed(batch)
        if len({len(embedding) for embedding in embeddings}) > 1:
            raise self._invalid("vectors of different lengths")
        return embeddings

    async def _embed(self, batch: list[str]) -> list[list[float]]:
        # OpenAI can also answer in base64, which other servers do not support.
        request = {"input": batch, "model": self._model, "encoding_format": "float"}
        async with self._calls.begin(self._model) as call:

            async def ask(body: dict[str, Any]) -> dict[str, Any]:
                # A lone surrogate can't be encoded as UTF-8.
                content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
                posted = await self._http.post(content, call, stream=False)
                try:
                    return read_object(posted.content)
                except BrokenAnswer as error:
                    raise AttemptFailed(error, Advice(), fields_of(posted.answer)) from None

            answer = await self._persistence.begin(request, call).until_answered(ask)
        vectors = _vectors(answer, len(batch))
        if vectors is None:
            raise self._invalid("no vector for some of the texts")
        return vectors

    def _invalid(self, got: str) -> ModelError:
        return ModelError(
            "server_error",
            f"The embedding model {self._model} of the upstream {self._server} returned {got}.",
        )


def _vectors(answer: dict[str, Any], count: int) -> list[list[float]] | None:
    """Return the vectors in the order of the texts; None if some are missing."""
    listed = answer.get("data")
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    # A server that omits the index answers in order.
    placed = {item.get("index", place): item.get("embedding") for place, item in enumerate(items)}
    vectors = [placed.get(place) for place in range(count)]
    if len(items) != count or not all(map(_is_vector, vectors)):
        return None
    return [[float(number) for number in vector or ()] for vector in vectors]


def _is_vector(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(number, int | float) for number in value)
    )


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        text = text[:_LONGEST_TEXT] or " "  # an empty text is refused
        length = len(text.encode(errors="replace"))
        if batch and (len(batch) == _TEXTS_AT_ONCE or size + length > _BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch
