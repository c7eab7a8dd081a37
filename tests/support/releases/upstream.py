"""The fake upstream, with embeddings: the meanings that the recorded vectors are made of."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.fake_embeddings import FakeEmbeddings
from tests.support.fake_upstream import FakeUpstream

# A query that shares no word with a document, only a group of these, is answered by the vectors.
MEANINGS = (("환불", "돌려받"), ("playlist", "programme"), ("영업", "여나요"))


@contextmanager
def embedding_upstream() -> Iterator[FakeUpstream]:
    """Serve until the block ends."""
    embeddings = FakeEmbeddings(MEANINGS)

    async def embed(request: Request) -> JSONResponse:
        return JSONResponse(embeddings.answer(await request.json()))

    with FakeUpstream.serve() as upstream:
        upstream.app.router.routes.append(Route("/v1/embeddings", embed, methods=["POST"]))
        yield upstream
