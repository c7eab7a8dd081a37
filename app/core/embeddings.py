"""The real embedding model: any server that offers OpenAI's `POST /embeddings`."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import httpx2
import openai

from app.core.refusals import Refusals
from app.core.refused_parameters import REFUSING, refusal_of
from app.core.response_stream import read_object
from app.core.upstream_call import UpstreamCalls
from app.core.upstream_errors import CUT, ErrorTeller
from app.core.upstream_http import (
    CONNECT_SECONDS,
    OPENAI_URL,
    UpstreamHttp,
    http_pool,
    sdk_client,
)
from app.domain.errors import ModelError

# What OpenAI takes in one request: 2048 texts, 300,000 tokens; a token has three bytes or more.
_TEXTS_AT_ONCE = 256
_BYTES_AT_ONCE = 300_000
# A text may hold 8192 tokens; chunks are smaller, and a question's end may go.
_LONGEST_TEXT = 16_000
# Seconds before the first retry.
_RETRY_PAUSE = 0.5


class OpenAIEmbedder:
    """Calls `POST {base_url}/embeddings`. The `Embedder` of `knowledge.embeddings`."""

    def __init__(
        self,
        api_key: str,
        base_url: str,
        model: str,
        timeout: float,
        max_retries: int,
        http_client: httpx2.AsyncClient | httpx.AsyncClient | None = None,
    ) -> None:
        """`timeout`: seconds without a byte. Empty `base_url`: OpenAI. Empty key: none needed."""
        self._model = model
        self._errors = ErrorTeller(api_key)
        self._refusals = Refusals(frozenset({"encoding_format"}))
        http = http_client or http_pool()
        self._client = sdk_client(api_key, base_url, http)
        base_url = base_url or OPENAI_URL
        self._calls = UpstreamCalls(base_url, None)
        self._max_retries = max_retries
        connect = min(timeout, CONNECT_SECONDS)
        self._http = UpstreamHttp(
            self._client,
            http,
            f"{base_url.rstrip('/')}/embeddings",
            timeout=(connect, timeout, timeout, timeout),
            pause=_RETRY_PAUSE,
        )

    async def close(self) -> None:
        await self._client.close()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text, all of one length. Raises `ModelError`."""
        embeddings: list[list[float]] = []
        for batch in _batches(texts):
            embeddings += await self._embed(batch)
        if len({len(embedding) for embedding in embeddings}) > 1:
            raise ModelError("server_error", "The embedding model's vectors differ in length.")
        return embeddings

    async def _embed(self, batch: list[str]) -> list[list[float]]:
        # OpenAI may answer in base64, which other servers do not know.
        request = {"input": batch, "model": self._model, "encoding_format": "float"}
        try:
            answer = read_object(await self._ask(request))
        except (openai.APIStatusError, *CUT) as error:
            raise self._errors.of_exception(error) from None
        return _vectors(answer, len(batch))

    async def _ask(self, request: dict[str, Any]) -> bytes:
        """Return the answer's bytes, without what the model refuses to be asked for."""
        request = self._refusals.without_known(request)
        while True:
            # Half a surrogate pair can't be written as UTF-8.
            content = json.dumps(request, ensure_ascii=False).encode("utf-8", "replace")
            try:
                with self._calls.begin(self._model) as call:
                    posted = await self._http.post(
                        content, call, stream=False, retries=self._max_retries
                    )
                return posted.content
            except openai.APIStatusError as error:
                smaller = None
                if error.status_code in REFUSING:
                    smaller = self._refusals.adapt(request, refusal_of(error.body))
                if smaller is None:
                    raise
                request = smaller


def _vectors(answer: dict[str, Any], count: int) -> list[list[float]]:
    """Return the answer's vectors in the texts' order. Raises `ModelError`."""
    listed = answer.get("data")
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    # A server that leaves the index out answers in order.
    placed = {item.get("index", place): item.get("embedding") for place, item in enumerate(items)}
    vectors = [placed.get(place) for place in range(count)]
    if len(items) != count or not all(map(_is_vector, vectors)):
        raise ModelError("server_error", "The embedding model left out some of the texts.")
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
        text = text[:_LONGEST_TEXT] or " "  # nothing at all is refused
        length = len(text.encode(errors="replace"))
        if batch and (len(batch) == _TEXTS_AT_ONCE or size + length > _BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch
