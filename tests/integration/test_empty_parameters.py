"""A query's empty parameters say nothing: forms and no-code tools send them for "not given"."""

import pytest

from tests.support.belongings import belongings
from tests.support.operations import operations
from tests.support.talk import error_of

LISTS = [each for each in operations() if each.method == "GET" and each.queries]


@pytest.fixture
def ids(server, upstream):
    return belongings(server, upstream)


def test_they_are_as_if_they_were_not_given(http, ids):
    assert {"limit", "order", "after", "before", "run_id", "purpose", "q", "filter"} <= {
        name for each in LISTS for name in each.queries
    }
    for each in LISTS:
        filters = [name for name in each.queries if name != "metadata"]
        query = {name: "" for name in filters}
        bare = "&".join(filters)
        expected = each.send(http, ids).text
        assert each.send(http, ids, params=query).text == expected, each
        assert http.get(f"{http.base_url.join(each.at(ids))}?{bare}").text == expected, each


def test_an_empty_metadata_value_is_one(http):
    empty = http.post("/threads", json={"metadata": {"tag": ""}}).json()
    http.post("/threads", json={"metadata": {"tag": "x"}})
    for name in ("metadata[tag]", "metadata%5Btag%5D"):
        page = http.get(f"/threads?{name}=&limit=").json()
        assert [one["id"] for one in page["data"]] == [empty["id"]]


@pytest.mark.parametrize("query", ["q=", "created_before=", "created_after="])
def test_a_delete_takes_no_empty_filter(http, query):
    """What an empty filter leaves out is about to be deleted."""
    assert error_of(http.delete(f"/threads?{query}"))["param"] == query.removesuffix("=")
