"""The examples in `/docs` for vector stores; `examples.py` includes them."""

from typing import Any

from app.api.example_objects import FILE_ID

STORE_ID = "vs_5f3a9c0e7b1d4286a4c7e8f01b2d3c46"
BATCH_ID = "vsfb_b8d0e6f2a1c34957968b0d1e2f3a4c5d"

_TEXT = "영업 시간은 오전 8시부터입니다."
_CHUNKING = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
}
_SMALL = {"type": "static", "static": {"max_chunk_size_tokens": 400, "chunk_overlap_tokens": 100}}
_ATTRIBUTES = {"store": "seoul-01", "year": 2026}
_FILTER = {
    "type": "and",
    "filters": [
        {"type": "eq", "key": "store", "value": "seoul-01"},
        {"type": "gte", "key": "year", "value": 2025},
    ],
}


def _counts(status: str) -> dict[str, int]:
    none = {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0}
    return {**none, status: 1, "total": 1}


_STORE_OBJECT: dict[str, Any] = {
    "id": STORE_ID,
    "object": "vector_store",
    "created_at": 1790000040,
    "name": "매장 안내",
    "description": None,
    "usage_bytes": 44,
    "file_counts": _counts("completed"),
    "status": "completed",
    "expires_after": {"anchor": "last_active_at", "days": 30},
    "expires_at": 1792592040,
    "last_active_at": 1790000040,
    "metadata": {"store": "seoul-01"},
}
_WAITING: dict[str, Any] = {
    "id": FILE_ID,
    "object": "vector_store.file",
    "usage_bytes": 0,
    "created_at": 1790000041,
    "vector_store_id": STORE_ID,
    "status": "in_progress",
    "last_error": None,
    "chunking_strategy": _CHUNKING,
    "attributes": _ATTRIBUTES,
}
_READ = {**_WAITING, "usage_bytes": 44, "status": "completed"}
_BATCH: dict[str, Any] = {
    "id": BATCH_ID,
    "object": "vector_store.file_batch",
    "created_at": 1790000041,
    "status": "in_progress",
    "vector_store_id": STORE_ID,
    "file_counts": _counts("in_progress"),
}


def _page(item: dict[str, Any]) -> dict[str, Any]:
    ids = {"first_id": item["id"], "last_id": item["id"]}
    return {"object": "list", "data": [item], **ids, "has_more": False}


def _deleted(item: dict[str, Any]) -> dict[str, Any]:
    return {"id": item["id"], "object": f"{item['object']}.deleted", "deleted": True}


def _results(kind: str, *data: dict[str, Any], **more: Any) -> dict[str, Any]:
    ending = {"has_more": False, "next_page": None}
    return {"object": f"vector_store.{kind}.page", **more, "data": list(data), **ending}


BODIES: dict[str, dict[str, dict[str, Any]]] = {
    "create_vector_store": {
        "Empty": {"name": "매장 안내"},
        "With files": {
            "name": "매장 안내",
            "file_ids": [FILE_ID],
            "chunking_strategy": _SMALL,
            "expires_after": {"anchor": "last_active_at", "days": 30},
            "metadata": {"store": "seoul-01"},
        },
    },
    "update_vector_store": {"Never expire": {"name": "매장 안내", "expires_after": None}},
    "search_vector_store": {
        "한국어": {"query": "영업 시간은 언제부터인가요?"},
        "With a filter": {
            "query": "When do you open?",
            "filters": _FILTER,
            "max_num_results": 5,
            "ranking_options": {"score_threshold": 0.2},
        },
    },
    "create_vector_store_file": {
        "Plain": {"file_id": FILE_ID},
        "With attributes": {
            "file_id": FILE_ID,
            "attributes": _ATTRIBUTES,
            "chunking_strategy": _SMALL,
        },
    },
    "update_vector_store_file": {"Attributes": {"attributes": _ATTRIBUTES}},
    "create_file_batch": {
        "Shared attributes": {"file_ids": [FILE_ID], "attributes": _ATTRIBUTES},
        "Attributes per file": {"files": [{"file_id": FILE_ID, "attributes": _ATTRIBUTES}]},
    },
}

ANSWERS: dict[str, dict[str, Any]] = {
    "create_vector_store": {
        **_STORE_OBJECT,
        "usage_bytes": 0,
        "file_counts": _counts("in_progress"),
        "status": "in_progress",
    },
    "list_vector_stores": _page(_STORE_OBJECT),
    "retrieve_vector_store": _STORE_OBJECT,
    "update_vector_store": {**_STORE_OBJECT, "expires_after": None, "expires_at": None},
    "delete_vector_store": _deleted(_STORE_OBJECT),
    "search_vector_store": _results(
        "search_results",
        {
            "file_id": FILE_ID,
            "filename": "영업 안내.txt",
            "score": 1.0,
            "attributes": _ATTRIBUTES,
            "content": [{"type": "text", "text": _TEXT}],
        },
        search_query=["영업 시간은 언제부터인가요?"],
    ),
    "create_vector_store_file": _WAITING,
    "list_vector_store_files": _page(_READ),
    "retrieve_vector_store_file": _READ,
    "update_vector_store_file": _READ,
    "delete_vector_store_file": _deleted(_READ),
    "retrieve_vector_store_file_content": _results("file_content", {"type": "text", "text": _TEXT}),
    "create_file_batch": _BATCH,
    "retrieve_file_batch": {
        **_BATCH,
        "status": "completed",
        "file_counts": _counts("completed"),
    },
    "cancel_file_batch": {**_BATCH, "status": "cancelled", "file_counts": _counts("cancelled")},
    "list_file_batch_files": _page(_READ),
}
