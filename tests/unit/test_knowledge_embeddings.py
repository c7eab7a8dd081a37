"""Embeddings: asked for over HTTP, kept in a byte a dimension, compared."""

import json
import math
import random

import httpx
import pytest

from app.core.embeddings import OpenAIEmbedder
from app.domain.errors import ModelError
from app.knowledge.vectors import Nearest, pack
from tests.support.httpx_transport import HttpxTransport
from tests.support.openai_calls import KEY, upstream_at


def embedder(answer, retries: int = 0) -> OpenAIEmbedder:
    transport = httpx.MockTransport(answer)
    upstream = upstream_at("http://upstream/v1", retries)
    return OpenAIEmbedder(
        upstream, "m-embed", HttpxTransport(httpx.AsyncClient(transport=transport))
    )


def embeddings(request: httpx.Request) -> httpx.Response:
    """Answer with each text's length, in the wrong order."""
    data = [
        {"object": "embedding", "index": index, "embedding": [float(len(text)), 1.0]}
        for index, text in enumerate(json.loads(request.content)["input"])
    ]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    body = {"object": "list", "data": data[::-1], "model": "m", "usage": usage}
    return httpx.Response(200, json=body)


async def test_a_vector_for_each_text_in_order():
    asked = []

    def answer(request):
        asked.append(json.loads(request.content))
        return embeddings(request)

    model = embedder(answer)
    assert await model.embed(["a", "bbb", ""]) == [[1.0, 1.0], [3.0, 1.0], [1.0, 1.0]]
    assert asked == [{"input": ["a", "bbb", " "], "model": "m-embed", "encoding_format": "float"}]
    assert await model.embed([]) == []
    await model.close()


async def test_many_texts_are_asked_for_in_batches():
    sizes = []

    def answer(request):
        texts = json.loads(request.content)["input"]
        sizes.append((len(texts), sum(len(text.encode()) for text in texts)))
        return embeddings(request)

    texts = ["x"] * 600 + ["가" * 20_000] * 20
    found = await embedder(answer).embed(texts)
    assert len(found) == len(texts)
    assert max(count for count, _ in sizes) == 256
    assert max(size for _, size in sizes) <= 300_000


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(401, json={"error": {"message": f"Incorrect API key: {KEY}"}}),
        httpx.Response(404, json={"error": {"message": "no such model"}}),
        httpx.Response(500, text="<html>"),
        httpx.Response(200, json={"object": "list", "data": [], "model": "m"}),
        httpx.Response(200, json={"object": "list", "model": "m"}),
    ],
)
async def test_a_failure_is_a_model_error_without_the_key(response):
    with pytest.raises(ModelError) as caught:
        await embedder(lambda _: response).embed(["a"])
    assert KEY not in f"{caught.value!r} {caught.value.message}"


async def test_vectors_of_different_lengths_are_refused():
    def answer(request):
        response = embeddings(request)
        body = response.json()
        body["data"][0]["embedding"] += [2.0]
        return httpx.Response(200, json=body)

    with pytest.raises(ModelError, match="length"):
        await embedder(answer).embed(["a", "b"])


def test_the_nearest_are_nearly_those_of_whole_floats():
    chance = random.Random(3)
    vectors = [[chance.gauss(0, 1) for _ in range(64)] for _ in range(300)]
    question = [chance.gauss(0, 1) for _ in range(64)]
    packed = pack(vectors)
    assert {len(one) for one in packed} == {64}
    nearest = Nearest(question)
    nearest.add(range(100), packed[:100])
    nearest.add(range(100, 300), packed[100:])
    found = nearest.best(10)
    exact = sorted(range(300), key=lambda place: -cosine(question, vectors[place]))
    assert len({place for place, _ in found} & set(exact[:10])) >= 9
    for place, nearness in found:
        assert nearness == pytest.approx(cosine(question, vectors[place]), abs=0.01)


def cosine(one: list[float], other: list[float]) -> float:
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return product / math.hypot(*one) / math.hypot(*other)


def test_nothing_and_vectors_of_another_model():
    assert pack([]) == []
    nearest = Nearest([1.0, 0.0])
    assert nearest.best(5) == []
    nearest.add([1, 2, 3], pack([[0.0, 0.0], [0.5, 0.0]]) + pack([[1.0, 2.0, 3.0]]))
    assert nearest.best(5) == [(2, pytest.approx(1.0)), (1, 0.0)]
