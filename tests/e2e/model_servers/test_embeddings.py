"""Search by meaning, with the vectors of a real embedding model."""

import pytest

from tests.support.model_server_commands import EMBEDDER, EMBEDDING_MODEL, FREE, KEY
from tests.support.stores import filled, found
from tests.support.terminal import examine

TEXTS = {
    "refund": "구독을 해지하면 남은 기간의 요금을 돌려 드립니다.",
    "opening": "매장은 평일 아침 아홉 시에 문을 엽니다.",
    "parking": "지하 주차장은 두 시간까지 무료입니다.",
}


# No word of the text is in its question.
QUESTIONS = {
    "환불받을 수 있나요?": "refund",
    "Can I have my money back?": "refund",
    "몇 시부터 영업하나요?": "opening",
    "Where can I leave my car?": "parking",
}


@pytest.mark.parametrize("asked", [EMBEDDER, "litellm"])
def test_questions_find_what_means_the_same(begin, servers, asked):
    """At the model's own server, and behind a gateway that offers it beside a chat model."""
    servers.url(EMBEDDER)
    client = begin(**settings(servers.url(asked))).client
    store_id = client.vector_stores.create().id
    ids = filled(client, store_id, **TEXTS)
    for question, name in QUESTIONS.items():
        assert found(client, store_id, question)[0] == ids[name], question
    # While the server is down, words are still found; once it is back, meanings are too.
    servers.kill(EMBEDDER)
    assert found(client, store_id, "지하 주차장") == [ids["parking"]]
    assert found(client, store_id, "Where can I leave my car?") == []
    servers.url(EMBEDDER)
    assert found(client, store_id, "Where can I leave my car?")[0] == ids["parking"]


def test_the_doctor_says_that_embeddings_alone_answer_no_chat(servers):
    checks = examined(settings(servers.url(EMBEDDER)))
    assert checks["upstream"]["level"] == "failure"
    assert "/responses" in checks["upstream"]["message"]


def test_the_doctor_finds_both_models_behind_a_gateway(servers):
    servers.url(EMBEDDER)
    checks = examined(settings(servers.url("litellm")))
    assert checks["upstream"]["level"] == "ok", checks["upstream"]
    assert "model" not in checks, "the server lists both"


def examined(settings: dict[str, str]) -> dict:
    return examine(**{name.upper(): value for name, value in settings.items()})


def settings(url: str) -> dict[str, str]:
    return {
        "openai_base_url": f"{url}/v1",
        "openai_api_key": KEY,
        "openai_model": FREE,
        "embedding_model": EMBEDDING_MODEL,
    }
