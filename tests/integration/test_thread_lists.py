"""`GET /threads`: order, pages, filters, and how each thread began."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.support.rows import connected
from tests.support.talk import error_of

DAY = 86_400


@pytest.fixture
def http(own_http):
    return own_http


def ids(http, **params) -> list[str]:
    answer = http.get("/threads", params=params)
    assert answer.is_success, answer.text
    return [thread["id"] for thread in answer.json()["data"]]


def pages(http, **params) -> list[str]:
    """Return the ids of all pages, having looked that each page says where it begins and ends."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = http.get("/threads", params={**params, **cursor}).json()
        some = [thread["id"] for thread in page["data"]]
        ends = (some[0], some[-1]) if some else (None, None)
        assert (page["object"], page["first_id"], page["last_id"]) == ("list", *ends)
        found += some
        if not page["has_more"]:
            return found
        cursor = {"after": page["last_id"]}


def test_the_newest_is_the_first(http, made):
    made_ids = [made(f"number {number}") for number in range(5)]
    assert ids(http) == made_ids[::-1]
    assert ids(http, order="asc") == made_ids
    for limit in (1, 2, 4, 5, 6, 100):
        assert pages(http, limit=limit) == made_ids[::-1]
        assert pages(http, limit=limit, order="asc") == made_ids
    assert ids(http, before=made_ids[1], limit=2) == [made_ids[3], made_ids[2]]
    assert ids(http, after=made_ids[3], before=made_ids[0]) == made_ids[2:0:-1]


def test_there_may_be_none(http):
    page = http.get("/threads").json()
    assert page == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 101}, {"order": "up"}])
def test_what_can_not_be_is_refused(http, params):
    error_of(http.get("/threads", params=params))


def test_each_thread_is_listed_with_its_first_message(http, made):
    long = "가" * 100 + " " + "b" * 100
    threads = {
        made("  first\n\n question\t "): "first question",
        made(long, "second"): long[:120],
        made(): None,
    }
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    parts = [image, {"type": "text", "text": "with a"}, {"type": "text", "text": "picture"}]
    for content, preview in ((parts, "with a picture"), ([image], None)):
        body: Any = {"messages": [{"role": "user", "content": content}]}
        threads[http.post("/threads", json=body).json()["id"]] = preview
    spoken = {"role": "assistant", "content": "I begin."}
    body = {"messages": [spoken, {"role": "user", "content": "Then I."}]}
    threads[http.post("/threads", json=body).json()["id"]] = "Then I."
    for thread in http.get("/threads").json()["data"]:
        preview = thread.pop("preview")
        assert preview == threads[thread["id"]]
        assert thread == http.get(f"/threads/{thread['id']}").json()


ODD = [
    "plain",
    "with space",
    "a.b",
    "$.a",
    '"',
    '"quoted"',
    "'",
    "\\",
    "%",
    "한글",
    "🔑",
    "a\nb",
    "",
    "x" * 64,
    "null",
    "=",
    "&",
    "#",
    "--",
    "__proto__",
]


@pytest.mark.parametrize("key", ODD)
def test_metadata_of_any_key_is_found(http, made, key):
    right = made(**{key: "v", "other": "o"})
    made(**{key: "w"})
    made(other="v")
    assert ids(http, **{f"metadata[{key}]": "v"}) == [right]
    assert ids(http, **{f"metadata[{key}]": "v", "metadata[other]": "o"}) == [right]
    assert ids(http, **{f"metadata[{key}]": "v", "metadata[other]": "x"}) == []
    assert ids(http, **{f"metadata[{key}]": "V"}) == []


@pytest.mark.parametrize(
    "value", ["", "1", "true", "null", "%", "*", "한글", "a'b", '{"a": 1}', "\\"]
)
def test_metadata_of_any_value_is_found(http, made, value):
    right = made(k=value)
    made(k=f"{value}x")
    made(x=value)
    assert ids(http, **{"metadata[k]": value}) == [right]


@pytest.mark.parametrize(
    "name",
    [
        "metadata",
        "metadata[",
        "metadata[a",
        "metadata]",
        "metadata.k",
        "metadatax",
        "metadata[k]x",
        "metadata[]]",
        "metadata[[0]]",
    ],
)
def test_a_filter_that_is_none_is_not_passed_over(http, made, name):
    """Least of all where it says what is to be deleted."""
    kept = made(k="v")
    for method, more in (
        ("GET", {}),
        ("DELETE", {"all": "true"}),
        ("DELETE", {"created_after": 1}),
    ):
        answer = http.request(method, "/threads", params={name: "v", **more})
        assert error_of(answer)["param"] == name
    assert ids(http) == [kept]


def test_a_key_that_no_thread_can_have_finds_none(http, made):
    kept = made(k="v")
    params = {f"metadata[{'x' * 65}]": "v"}
    assert ids(http, **params) == []
    answer = http.delete("/threads", params={**params, "created_after": 1, "all": "true"})
    assert answer.json()["count"] == 0
    assert ids(http) == [kept]


def test_there_are_not_more_filters_than_pairs(http, made):
    kept = made()
    params = {f"metadata[{number}]": "v" for number in range(17)}
    assert error_of(http.get("/threads", params=params))["param"] == "metadata[16]"
    error_of(http.delete("/threads", params=params))
    assert ids(http) == [kept]


def test_contradictions_find_none(http, made):
    kept = made(k="v")
    params = [("metadata[k]", "other"), ("metadata[k]", "v")]
    for order in (params, params[::-1]):
        assert http.get("/threads", params=order).json()["data"] == []
        assert http.delete("/threads", params=order).json()["count"] == 0
    assert ids(http) == [kept]


def test_days_bound_what_is_listed(http, made, shared_database_url):
    old, middle, new = (made() for _ in range(3))
    with connected(shared_database_url) as connection:
        for thread_id, moment in ((old, 1000), (middle, 2000), (new, 3000)):
            values = {"id": thread_id, "moment": moment}
            connection.execute(
                text("UPDATE threads SET created_at = :moment WHERE id = :id"), values
            )
    assert ids(http, created_after=1000) == [new, middle]
    assert ids(http, created_after=999) == [new, middle, old]
    assert ids(http, created_before=2000) == [old]
    assert ids(http, created_before=2001, created_after=1999) == [middle]
    assert ids(http, created_before=2000, created_after=2000) == []
    assert ids(http, created_before=2**53) == [new, middle, old]
    for wrong in ("-1", "soon", "2**60", str(2**53 + 1), "1.5", "2026-01-01"):
        assert error_of(http.get("/threads", params={"created_after": wrong}))["param"]


def test_filters_go_along_from_page_to_page(http, made):
    right = [made(f"apples {number}", user="7") for number in range(7)]
    for number in range(7):
        made(f"pears {number}", user="7")
        made(f"apples {number}", user="8")
    wanted = {"metadata[user]": "7", "q": "apples", "created_after": 1}
    for limit in (1, 3, 7):
        assert pages(http, limit=limit, **wanted) == right[::-1]
        assert pages(http, limit=limit, order="asc", **wanted) == right
    # A cursor that the filter leaves out is a place in the list all the same.
    other = made("pears")
    assert ids(http, after=other, limit=2, **wanted) == right[:-3:-1]


def test_many_pages_list_every_thread_once(http, made):
    assert {made() for _ in range(101)} == set(pages(http, limit=100))


def test_what_is_listed_is_ones_own_to_rename(http, made):
    thread_id = made("hello", k="v")
    http.post(f"/threads/{thread_id}", json={"metadata": {"k": "v", "title": "새 이름"}})
    (thread,) = http.get("/threads", params={"metadata[title]": "새 이름"}).json()["data"]
    assert thread["metadata"] == {"k": "v", "title": "새 이름"}
