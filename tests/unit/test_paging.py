"""Keyset pagination, compared with slices of the whole list."""

from itertools import product

import pytest

from app.db import messages, threads
from app.db.messages import list_page
from app.db.paging import Order, Page
from app.db.rows import MessageRow
from app.domain.errors import NotFound
from app.domain.ids import new_id
from app.schemas.messages import text_part
from tests.support.rows import thread_row

# Several messages share a second, and the clock was set back before the last two.
SECONDS = [5, 5, 5, 6, 6, 9, 3, 3]


def message(thread_id: str, created_at: int = 5) -> MessageRow:
    return MessageRow(
        id=new_id("message"),
        created_at=created_at,
        thread_id=thread_id,
        role="user",
        content=[text_part("x")],
    )


@pytest.fixture
def thread_id(rows) -> str:
    """A thread with messages, beside another with messages of the same seconds."""
    thread, other = (
        threads.create(rows, thread_row()),
        threads.create(rows, thread_row()),
    )
    for second in SECONDS:
        messages.create(rows, message(other.id, second), message(thread.id, second))
    return thread.id


def whole(rows, thread_id: str, order: Order) -> list[str]:
    page, more = list_page(rows, thread_id, Page(limit=100, order=order), None)
    assert not more
    return [item.id for item in page]


def test_a_list_is_in_order_and_the_other_order_its_mirror(rows, thread_id):
    page, _ = list_page(rows, thread_id, Page(limit=100, order="asc"), None)
    assert [item.created_at for item in page] == SECONDS
    assert all(item.thread_id == thread_id for item in page)
    assert whole(rows, thread_id, "asc") == whole(rows, thread_id, "desc")[::-1]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_every_window_is_the_slice_it_names(rows, thread_id, order):
    ids = whole(rows, thread_id, order)
    places = [None, *range(len(ids))]
    for limit, after, before in product((1, 3, 100), places, places):
        page, more = list_page(
            rows,
            thread_id,
            Page(
                limit,
                order,
                after=None if after is None else ids[after],
                before=None if before is None else ids[before],
            ),
            None,
        )
        begin = 0 if after is None else after + 1
        window = ids[begin : len(ids) if before is None else before]
        # `before` alone counts back from it; everything else counts on from its beginning.
        backwards = before is not None and after is None
        expected = window[-limit:] if backwards else window[:limit]
        assert [item.id for item in page] == expected, (limit, after, before)
        assert more == (len(window) > limit), (limit, after, before)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 2, 3, 8])
def test_going_on_from_the_last_id_meets_everything_once(rows, thread_id, order, limit):
    seen: list[str] = []
    more = True
    while more:
        after = seen[-1] if seen else None
        page, more = list_page(rows, thread_id, Page(limit, order, after), None)
        seen += [item.id for item in page]
    assert seen == whole(rows, thread_id, order)


def test_what_comes_meanwhile_in_the_same_second_disturbs_no_page(rows):
    thread = threads.create(rows, thread_row())
    first = [message(thread.id) for _ in range(4)]
    messages.create(rows, *first)
    page, _ = list_page(rows, thread.id, Page(2, "desc"), None)
    messages.create(rows, message(thread.id))
    rest, more = list_page(rows, thread.id, Page(2, "desc", after=page[-1].id), None)
    assert [item.id for item in [*page, *rest]] == [item.id for item in first[::-1]]
    assert not more


def test_an_unknown_cursor_and_one_of_another_thread_are_refused_alike(rows, thread_id):
    other = threads.create(rows, thread_row())
    foreign = message(other.id)
    messages.create(rows, foreign)
    for cursor in ("msg_none", foreign.id):
        for page in (Page(after=cursor), Page(before=cursor)):
            with pytest.raises(NotFound) as caught:
                list_page(rows, thread_id, page, None)
            assert caught.value.message == f"No message found with id '{cursor}'."
