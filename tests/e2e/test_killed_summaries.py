"""Processes that are killed while they summarise a thread: another one goes on."""

import pytest

from app.core.demo_summary import summary_of
from tests.support.heirs import environment, succession
from tests.support.replies import Reply
from tests.support.response_events import last_user_text
from tests.support.summaries import (
    ask,
    asks_for_summary,
    change,
    long_thread,
    made,
    row_of,
    shown_in,
    summarising,
    summary_requests,
    text_of,
)
from tests.support.waiting import wait_until

FACT = "My name is Mina and my order is number 48213."


@pytest.fixture
def servers(database_url, upstream, tmp_path):
    settings = environment(database_url, upstream, CONTEXT_WINDOW="4096", HISTORY_TOKENS="1000")
    with succession(tmp_path, settings) as pair:
        yield pair


def stalling_at(number: int):
    """Answer as the demo model, but never finish the summary with this number."""
    count = 0

    def reply(body):
        nonlocal count
        if not asks_for_summary(body):
            return Reply.text("Fine.")
        count += 1
        text = Reply.text(summary_of(last_user_text(body)), " and more")
        return text.stalled(after=3) if count == number else text

    return reply


@pytest.mark.parametrize("number", [1, 2, 4], ids="in call {}".format)
def test_killed_while_the_model_writes(servers, upstream, database_url, number):
    upstream.reply_with(stalling_at(number))
    thread_id = long_thread(servers.first.http, FACT)
    ask(servers.first.http, thread_id)
    assert upstream.wait_stalled()
    before = row_of(database_url, thread_id)
    assert (before.text is None) == (number == 1), "every call is saved by itself"
    upstream.reply_with(summarising)
    heir = servers.kill_first()
    row = made(database_url, thread_id)
    assert FACT in str(row.text)
    assert row.through > before.through
    # Only the call that was interrupted is repeated; on a busy machine, perhaps before the kill.
    texts = [last_user_text(request.body) for request in summary_requests(upstream)]
    assert texts.count(texts[number - 1]) == 2
    assert len(set(texts)) == len(texts) - 1
    ask(heir.http, thread_id)
    assert FACT in str(shown_in(upstream.requests[-1].body))


def test_killed_before_anybody_makes_it(servers, upstream, database_url):
    """The end of the run and the summary that is due are one commit."""
    upstream.reply_with(stalling_at(1))
    thread_id = long_thread(servers.first.http, FACT)
    ask(servers.first.http, thread_id)
    assert row_of(database_url, thread_id).run_id is not None
    upstream.reply_with(summarising)
    servers.kill_first()
    assert FACT in text_of(database_url, thread_id)


def test_killed_after_it_was_made(servers, upstream, database_url):
    upstream.reply_with(summarising)
    thread_id = long_thread(servers.first.http, FACT)
    ask(servers.first.http, thread_id)
    row = made(database_url, thread_id)
    count = len(summary_requests(upstream))
    heir = servers.kill_first()
    ask(heir.http, thread_id)
    assert FACT in str(shown_in(upstream.requests[-1].body))
    assert row_of(database_url, thread_id).text == row.text
    assert len(summary_requests(upstream)) == count


def test_one_that_kills_its_process_each_time_is_given_up(servers, upstream, database_url):
    """As far as anybody knows, the summary is the reason."""
    upstream.reply_with(stalling_at(1))
    http = servers.first.http
    thread_id = long_thread(http, FACT)
    ask(http, thread_id)
    assert upstream.wait_stalled()
    change(database_url, thread_id, attempts=3)
    servers.kill_first()
    wait_until(lambda: row_of(database_url, thread_id).run_id is None)
    assert row_of(database_url, thread_id).text is None
