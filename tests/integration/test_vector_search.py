"""Searches in vector stores, by OpenAI's own client."""

from typing import Any

import httpx
import openai
import pytest

from tests.support.fake_embeddings import fake_embeddings
from tests.support.stores import counts, filled, found, settled, uploaded

REGISTER = """# 디바이스 등록

디바이스를 등록하려면 관리자 화면에서 등록 코드를 입력합니다. 등록 코드는 화면에 나타납니다.
"""
REFUND = """# 환불 안내

구독을 해지하면 남은 기간의 요금을 환불해 드립니다. 환불은 사흘 안에 처리됩니다.
"""
SCHEDULE = """# Schedules

A playlist is shown by its schedule. Schedules repeat daily or weekly.
"""


@pytest.fixture
def store_id(client: openai.OpenAI) -> str:
    return client.vector_stores.create().id


@pytest.fixture
def guides(client: openai.OpenAI, store_id) -> dict[str, str]:
    return filled(client, store_id, register=REGISTER, refund=REFUND, schedule=SCHEDULE)


def test_the_fields_of_results_are_in_openais_order(client, http: httpx.Client, store_id, guides):
    file: dict[str, Any] = {"file_id": guides["refund"], "vector_store_id": store_id}
    client.vector_stores.files.update(**file, attributes={"lang": "ko", "page": 3})
    body = {"query": "환불은 언제 처리됩니까?"}
    page = http.post(f"/vector_stores/{store_id}/search", json=body).json()
    assert " ".join(page) == "object search_query data has_more next_page"
    assert page["object"] == "vector_store.search_results.page"
    reported = (page["search_query"], page["has_more"], page["next_page"])
    assert reported == ([body["query"]], False, None)
    first = page["data"][0]
    assert " ".join(first) == "file_id filename score attributes content"
    assert 0 < first["score"] <= 1
    assert first | {"score": 0} == {
        "file_id": guides["refund"],
        "filename": "refund.txt",
        "score": 0,
        "attributes": {"lang": "ko", "page": 3},
        "content": [{"type": "text", "text": REFUND.strip()}],
    }


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("디바이스는 어떻게 등록하나요?", "register"),
        ("등록코드가 어디에 나오는지 알려주세요", "register"),
        ("구독 해지하려면 요금은 어떻게 되나요", "refund"),
        ("How often does a schedule repeat?", "schedule"),
        ("scheduled playlists", "schedule"),
    ],
)
def test_a_question_finds_its_document(client: openai.OpenAI, store_id, guides, query, name):
    assert found(client, store_id, query)[0] == guides[name]


def test_the_best_comes_first_and_scores_fall(client: openai.OpenAI, store_id):
    ids = filled(
        client,
        store_id,
        both="screens show playlists",
        one="screens hang on walls",
        other="unrelated words alone",
    )
    page = client.vector_stores.search(store_id, query="screens with playlists")
    assert [result.file_id for result in page.data] == [ids["both"], ids["one"]]
    scores = [result.score for result in page.data]
    assert scores == sorted(scores, reverse=True)


def test_nothing_that_answers_is_no_result(client: openai.OpenAI, store_id, guides):
    assert found(client, store_id, "quantum chromodynamics") == []
    assert found(client, store_id, "???") == []


def test_no_more_is_found_than_was_asked_for(client: openai.OpenAI, store_id):
    filled(client, store_id, **{f"note{number}": f"same words {number}" for number in range(12)})
    assert len(found(client, store_id, "same words")) == 10
    assert len(found(client, store_id, "same words", max_num_results=12)) == 12
    assert len(found(client, store_id, "same words", max_num_results=1)) == 1


def test_results_below_the_threshold_are_left_out(client: openai.OpenAI, store_id):
    filled(client, store_id, both="screens show playlists", one="screens hang on walls")
    page = client.vector_stores.search(store_id, query="screens playlists")
    high, low = (result.score for result in page.data)
    assert high > low
    for threshold, count in ((0.0, 2), (low, 2), ((high + low) / 2, 1)):
        ranking: Any = {"ranker": "auto", "score_threshold": threshold}
        assert len(found(client, store_id, "screens playlists", ranking_options=ranking)) == count


@pytest.mark.parametrize("ranker", ["none", "auto", "default-2024-11-15", None])
def test_every_ranker_is_taken(client: openai.OpenAI, store_id, guides, ranker):
    ranking: Any = {"ranker": ranker}
    assert found(client, store_id, "환불", ranking_options=ranking, rewrite_query=True) == [
        guides["refund"]
    ]


def test_several_questions_are_asked_together(client: openai.OpenAI, store_id, guides):
    queries = ["환불 기간", "weekly schedule"]
    page = client.vector_stores.search(store_id, query=queries)
    assert {result.file_id for result in page.data} == {guides["refund"], guides["schedule"]}
    assert page.to_dict()["search_query"] == queries
    assert len(found(client, store_id, queries, max_num_results=1)) == 1


def test_a_store_finds_only_what_is_its_own(client: openai.OpenAI, store_id, guides):
    other = client.vector_stores.create().id
    theirs = filled(client, other, register=REGISTER)
    assert found(client, other, "디바이스 등록") == [theirs["register"]]
    client.vector_stores.delete(other)
    assert found(client, store_id, "디바이스 등록") == [guides["register"]]


def test_what_is_read_again_is_found_meanwhile(client: openai.OpenAI, store_id, guides):
    waiting = [uploaded(client, "x") for _ in range(10)]
    client.vector_stores.file_batches.create(store_id, file_ids=waiting)
    small: Any = {
        "type": "static",
        "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 0},
    }
    again = client.vector_stores.files.create(
        store_id, file_id=guides["refund"], chunking_strategy=small
    )
    assert again.status == "in_progress"
    assert found(client, store_id, "환불") == [guides["refund"]]
    assert settled(client, store_id) == {"completed": 13, "total": 13}


# Filters

FILES: dict[str, dict[str, str | bool | int | float]] = {
    "old": {"year": 2019, "lang": "ko", "draft": False},
    "new": {"year": 2026, "lang": "ko", "draft": True},
    "other": {"year": 2026, "lang": "en", "ratio": 0.5},
    "bare": {},
}


@pytest.fixture(scope="session")
def described(server) -> tuple[openai.OpenAI, str, dict[str, str]]:
    """A store with files of the same text and different attributes."""
    client: openai.OpenAI = server.client
    store_id = client.vector_stores.create().id
    ids = filled(client, store_id, **dict.fromkeys(FILES, "opening hours"))
    for name, attributes in FILES.items():
        client.vector_stores.files.update(
            ids[name], vector_store_id=store_id, attributes=attributes
        )
    return client, store_id, ids


def compare(kind: str, key: str, value: Any) -> Any:
    return {"type": kind, "key": key, "value": value}


KOREAN = compare("eq", "lang", "ko")
ENGLISH = compare("eq", "lang", "en")
RECENT = compare("gte", "year", 2020)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (KOREAN, "old new"),
        (compare("eq", "year", 2026.0), "new other"),
        (compare("eq", "draft", True), "new"),
        (compare("eq", "draft", 1), ""),
        (compare("ne", "lang", "ko"), "other bare"),
        (compare("gt", "year", 2019), "new other"),
        (RECENT, "new other"),
        (compare("lt", "year", 2026), "old"),
        (compare("lte", "ratio", 0.5), "other"),
        (compare("gt", "lang", "en"), "old new"),
        (compare("gt", "lang", 5), ""),
        (compare("in", "year", [2019, 2020]), "old"),
        (compare("in", "lang", ["en", "ko"]), "old new other"),
        (compare("in", "lang", []), ""),
        (compare("nin", "year", [2019]), "new other bare"),
        ({"type": "and", "filters": [KOREAN, RECENT]}, "new"),
        ({"type": "or", "filters": [ENGLISH, compare("lt", "year", 2020)]}, "old other"),
        (
            {
                "type": "and",
                "filters": [RECENT, {"type": "or", "filters": [ENGLISH, compare("eq", "x", 1)]}],
            },
            "other",
        ),
        ({"type": "and", "filters": []}, "old new other bare"),
        ({"type": "or", "filters": []}, ""),
    ],
)
def test_a_filter_leaves_the_files_that_fit(described, upstream, filters, names):
    client, store_id, ids = described
    hits = found(client, store_id, "opening hours", filters=filters)
    assert sorted(hits) == sorted(ids[name] for name in names.split())


def test_a_filter_counts_before_the_number_of_results(described, upstream):
    client, store_id, ids = described
    hits = found(client, store_id, "opening hours", filters=ENGLISH, max_num_results=1)
    assert hits == [ids["other"]]
    assert counts(client, store_id)["completed"] == len(FILES)


# By meaning


def test_with_an_embedding_model_a_meaning_is_found(start):
    with fake_embeddings(["automobile", "car"], ["무료", "공짜"]) as embeddings:
        client = start(openai_base_url=embeddings.base_url, embedding_model="e-1").client
        store_id = client.vector_stores.create().id
        ids = filled(client, store_id, one="my automobile", two="무료 체험")
        assert found(client, store_id, "a car")[0] == ids["one"]
        assert found(client, store_id, "공짜인가요")[0] == ids["two"]
        words: Any = {"hybrid_search": {"embedding_weight": 0, "text_weight": 1}}
        assert found(client, store_id, "a car", ranking_options=words) == []
    assert {request["model"] for request in embeddings.requests} == {"e-1"}


def test_without_its_embedding_model_a_store_is_searched_by_words(start):
    with fake_embeddings(["automobile", "car"]) as embeddings:
        client = start(openai_base_url=embeddings.base_url, embedding_model="e-1").client
        store_id = client.vector_stores.create().id
        ids = filled(client, store_id, one="my automobile")
    assert found(client, store_id, "automobile") == [ids["one"]]
    assert found(client, store_id, "car") == []
