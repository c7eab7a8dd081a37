"""The real embedding model: any server that offers OpenAI's `POST /embeddings`."""

from collections.abc import Iterator, Sequence

import httpx
import httpx2
import openai

from app.core.logging import current_request_id
from app.core.upstream_errors import ErrorTeller
from app.core.upstream_http import CONNECT_SECONDS, http_pool, sdk_client
from app.domain.errors import ModelError

# What OpenAI takes in one request: 2048 texts, 300,000 tokens; a token has three bytes or more.
_TEXTS_AT_ONCE = 256
_BYTES_AT_ONCE = 300_000
# A text may hold 8192 tokens; chunks are smaller, and a question's end may go.
_LONGEST_TEXT = 16_000


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
        self._client = sdk_client(
            api_key,
            base_url,
            http_client or http_pool(),
            timeout=httpx2.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
            max_retries=max_retries,
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
        request_id = current_request_id()
        try:
            answer = await self._client.embeddings.create(
                input=batch,
                model=self._model,
                # What the SDK would ask for is base64, which other servers do not know.
                encoding_format="float",
                extra_headers={"x-client-request-id": request_id} if request_id else None,
            )
        except (openai.OpenAIError, ValueError) as error:
            raise self._errors.of_exception(error) from None
        embeddings = sorted(answer.data or (), key=lambda item: item.index)
        if [item.index for item in embeddings] != list(range(len(batch))):
            raise ModelError("server_error", "The embedding model left out some of the texts.")
        return [item.embedding for item in embeddings]


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
