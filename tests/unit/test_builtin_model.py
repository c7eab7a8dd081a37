"""The embedding model that runs here: a process that may fail, and what it finds."""

import asyncio
import sys

import pytest

from app.core.config import Settings
from app.core.upstreams import Upstreams
from app.domain.errors import ModelError
from app.knowledge import builtin_model
from app.knowledge.builtin_model import BuiltinEmbedder, builtin_is_installed
from app.providers import configured_upstreams, embedder, embedding_target
from tests.support.terminal import examine

installed = pytest.mark.skipif(
    not builtin_is_installed(), reason="not tested: requirements-embeddings.txt is not installed"
)
# Answers each list with vectors of two dimensions, and ends when it reads `die`.
FAKE = """
import json, struct, sys
for line in sys.stdin.buffer:
    texts = json.loads(line)
    if "die" in texts:
        sys.exit(3)
    sys.stdout.buffer.write(struct.pack("<II", len(texts), 2))
    for text in texts:
        sys.stdout.buffer.write(struct.pack("<ff", len(text), 1))
    sys.stdout.buffer.flush()
"""


@pytest.fixture
async def fake():
    model = BuiltinEmbedder([sys.executable, "-c", FAKE])
    yield model
    await model.close()


async def test_texts_are_answered_in_order(fake):
    assert await fake.embed([]) == []
    texts = ["a" * length for length in range(1, 40)]
    both = await asyncio.gather(fake.embed(texts), fake.embed(["x" * 7]))
    assert both[0] == [[float(len(text)), 1.0] for text in texts]
    assert both[1] == [[7.0, 1.0]]
    assert await fake.embed(["a" * 10_000]) == [[4000.0, 1.0]]


async def test_a_process_that_ends_is_replaced(fake):
    with pytest.raises(ModelError, match="did not answer"):
        await fake.embed(["die"])
    assert await fake.embed(["ab"]) == [[2.0, 1.0]]


async def test_one_that_hangs_is_ended():
    model = BuiltinEmbedder([sys.executable, "-c", "import sys; sys.stdin.read()"], seconds=0.2)
    with pytest.raises(ModelError):
        await model.embed(["a"])
    await model.close()


async def test_a_question_that_is_given_up_leaves_no_answer_behind(fake):
    asked = asyncio.create_task(fake.embed(["abc"] * 500))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert await fake.embed(["ab"]) == [[2.0, 1.0]]


def test_without_its_packages_it_is_off_and_says_so(monkeypatch, caplog):
    monkeypatch.setattr(builtin_model, "_PACKAGE", "no_such_package")
    settings = Settings(embedding_model="builtin")
    upstreams = Upstreams(configured_upstreams(settings))
    assert embedding_target(settings, upstreams) is None
    assert embedder(settings, upstreams) is None
    assert "requirements-embeddings.txt are not installed" in caplog.text


@installed
async def test_it_finds_what_means_the_same():
    model = BuiltinEmbedder()
    try:
        texts = ["환불받고 싶어요", "I want my money back", "주차는 어디에 하나요?", "", "\ud800"]
        vectors = await model.embed(texts)
    finally:
        await model.close()
    assert {len(vector) for vector in vectors} == {512}
    near, far = (
        sum(one * other for one, other in zip(vectors[0], vectors[place], strict=True))
        for place in (1, 2)
    )
    assert near > far


@installed
def test_the_doctor_tries_it(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    checks = examine(EMBEDDING_MODEL="builtin")
    assert checks["embedding_model"]["level"] == "ok"
    assert "512" in checks["embedding_model"]["message"]
