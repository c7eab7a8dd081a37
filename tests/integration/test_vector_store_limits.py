"""What vector stores refuse, and in which words."""

from typing import Any

import httpx
import pytest

from tests.support.talk import error_of

STORE = "/vector_stores/vs_any"
FILES, BATCHES, SEARCH = f"{STORE}/files", f"{STORE}/file_batches", f"{STORE}/search"


def static(size: Any, overlap: Any) -> dict[str, Any]:
    chunking = {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}
    return {"file_id": "file-1", "chunking_strategy": {"type": "static", "static": chunking}}


def attributes(given: Any) -> dict[str, Any]:
    return {"file_id": "file-1", "attributes": given}


def asked(**options: Any) -> dict[str, Any]:
    return {"query": "q", **options}


def compared(kind: str, value: Any) -> dict[str, Any]:
    return asked(filters={"type": kind, "key": "k", "value": value})


EQUAL = {"type": "eq", "key": "k", "value": 1}
EMPTY: dict[str, Any] = {"type": "or", "filters": []}


def nested(depth: int) -> dict[str, Any]:
    """Return a filter of one comparison within so many compound ones."""
    inner: dict[str, Any] = EQUAL
    for _ in range(depth):
        inner = {"type": "and", "filters": [inner]}
    return inner


SIZE = "chunking_strategy.static.max_chunk_size_tokens"
OVERLAP = "chunking_strategy.static.chunk_overlap_tokens"
THRESHOLD = "ranking_options.score_threshold"

REFUSED = [
    ("/vector_stores", {"file_ids": ["f"] * 501}, "file_ids", "array_above_max_length"),
    ("/vector_stores", {"name": "n" * 257}, "name", "string_above_max_length"),
    ("/vector_stores", {"description": "d" * 513}, "description", "string_above_max_length"),
    ("/vector_stores", {"expires_after": {"days": 1}}, "expires_after.anchor", "missing_required"),
    (
        *("/vector_stores", {"expires_after": {"anchor": "created_at", "days": 1}}),
        *("expires_after.anchor", "invalid_value"),
    ),
    (
        *("/vector_stores", {"expires_after": {"anchor": "last_active_at", "days": 0}}),
        *("expires_after.days", "integer_below_min_value"),
    ),
    (
        *(STORE, {"expires_after": {"anchor": "last_active_at", "days": 366}}),
        *("expires_after.days", "integer_above_max_value"),
    ),
    (STORE, {"metadata": {str(n): "" for n in range(17)}}, "metadata", "object_above_max"),
    (STORE, {"file_ids": []}, "file_ids", "unknown_parameter"),
    (FILES, {}, "file_id", "missing_required_parameter"),
    (FILES, {"file_id": None}, "file_id", "invalid_type"),
    (FILES, static(99, 0), SIZE, "integer_below_min_value"),
    (FILES, static(4097, 0), SIZE, "integer_above_max_value"),
    (FILES, static(100, 51), OVERLAP, "invalid_value"),
    (FILES, static(100, -1), OVERLAP, "integer_below_min_value"),
    (FILES, static(100, None), OVERLAP, "invalid_type"),
    (
        *(FILES, {"file_id": "f", "chunking_strategy": {"type": "other"}}),
        *("chunking_strategy.type", "invalid_value"),
    ),
    (FILES, attributes({str(n): 1 for n in range(17)}), "attributes", "object_above_max"),
    (FILES, attributes({"k": "v" * 513}), "attributes.k", "string_above_max_length"),
    (FILES, attributes({"k": None}), "attributes.k", "invalid_type"),
    (FILES, attributes({"k": ["v"]}), "attributes.k", "invalid_type"),
    (f"{FILES}/file-1", {}, "attributes", "missing_required_parameter"),
    (BATCHES, {}, "file_ids", "missing_required_parameter"),
    (BATCHES, {"file_ids": []}, "file_ids", "empty_array"),
    (BATCHES, {"file_ids": ["f"] * 2001}, "file_ids", "array_above_max_length"),
    (BATCHES, {"files": [{"file_id": "f"}] * 2001}, "files", "array_above_max_length"),
    (BATCHES, {"file_ids": ["f"], "files": [{"file_id": "f"}]}, "files", "invalid_value"),
    (BATCHES, {"files": [{}]}, "files[0].file_id", "missing_required_parameter"),
    (SEARCH, {}, "query", "missing_required_parameter"),
    (SEARCH, {"query": ""}, "query", "empty_string"),
    (SEARCH, {"query": []}, "query", "empty_array"),
    (SEARCH, {"query": ["a", 5]}, "query[1]", "invalid_type"),
    (SEARCH, asked(max_num_results=0), "max_num_results", "integer_below_min_value"),
    (SEARCH, asked(max_num_results=51), "max_num_results", "integer_above_max_value"),
    (SEARCH, asked(ranking_options={"score_threshold": 1.1}), THRESHOLD, "decimal_above_max"),
    (SEARCH, asked(ranking_options={"ranker": "x"}), "ranking_options.ranker", "invalid_value"),
    (SEARCH, compared("eq", None), "filters.value", "invalid_type"),
    (SEARCH, compared("eq", [1]), "filters", "invalid_value"),
    (SEARCH, compared("in", 1), "filters", "invalid_value"),
    (SEARCH, compared("like", 1), "filters.type", "invalid_value"),
    (SEARCH, asked(filters={"key": "k", "value": 1}), "filters.type", "missing_required"),
    *(
        (SEARCH, asked(filters=too_large), "filters", "invalid_value")
        for too_large in (
            {"type": "or", "filters": [EQUAL] * 101},
            {"type": "or", "filters": [{"type": "and", "filters": [EQUAL] * 51}] * 2},
            {"type": "or", "filters": [EQUAL] * 100_000},
            nested(11),
            {"type": "in", "key": "k", "value": [1] * 1001},
            {"type": "or", "filters": [{"type": "in", "key": "k", "value": [1] * 501}] * 2},
            # Empty ones cost as much.
            {"type": "or", "filters": [EMPTY] * 101},
            {"type": "or", "filters": [{"type": "or", "filters": [EMPTY] * 10}] * 10},
        )
    ),
    (
        *(SEARCH, asked(filters={"type": "and", "filters": [{"type": "eq", "value": 1}]})),
        *("filters.filters[0].key", "missing_required_parameter"),
    ),
]


@pytest.mark.parametrize(("path", "body", "param", "code"), REFUSED)
def test_what_is_out_of_bounds_is_refused_by_name(http: httpx.Client, path, body, param, code):
    error = error_of(http.post(path, json=body))
    assert (error["param"], error["type"]) == (param, "invalid_request_error")
    assert error["code"].startswith(code)
    assert param in error["message"] or "Supported values are" in error["message"]


@pytest.mark.parametrize(
    "filters",
    [
        {"type": "or", "filters": [EQUAL] * 100},
        nested(10),
        {"type": "nin", "key": "k", "value": [1] * 1000},
    ],
)
def test_a_filter_within_its_bounds_is_taken(http: httpx.Client, filters):
    store_id = http.post("/vector_stores", json={}).json()["id"]
    answer = http.post(f"/vector_stores/{store_id}/search", json=asked(filters=filters))
    assert answer.status_code == 200, answer.text


def test_an_attributes_name_can_be_too_long(http: httpx.Client):
    error = error_of(http.post(FILES, json=attributes({"k" * 65: 1})))
    assert error["message"].startswith("Invalid 'attributes': key too long.")


@pytest.mark.parametrize("path", [FILES, f"{BATCHES}/vsfb_1/files"])
@pytest.mark.parametrize(
    ("query", "param"), [({"limit": 101}, "limit"), ({"filter": "lost"}, "filter")]
)
def test_lists_refuse_what_they_do_not_know(http: httpx.Client, path, query, param):
    assert error_of(http.get(path, params=query))["param"] == param


def test_the_bounds_themselves_are_taken(http: httpx.Client):
    expiry = {"anchor": "last_active_at", "days": 365}
    body = {"name": "n" * 256, "description": "d" * 512, "expires_after": expiry}
    store = http.post("/vector_stores", json=body).json()
    assert store["expires_after"] == expiry
    path = f"/vector_stores/{store['id']}"
    given = {f"{number:064}": "v" * 512 for number in range(16)}
    for name, strategy in (("small", (100, 50)), ("large", (4096, 2048))):
        file_id = http.post(
            "/files",
            data={"purpose": "assistants"},
            files={"file": (f"{name}.txt", b"text")},
        ).json()["id"]
        body = {**static(*strategy), **attributes(given), "file_id": file_id}
        assert http.post(f"{path}/files", json=body).json()["attributes"] == given
    for count in (1, 50):
        assert http.post(f"{path}/search", json=asked(max_num_results=count)).status_code == 200
    assert http.post(path, json={"expires_after": {**expiry, "days": 1}}).status_code == 200
