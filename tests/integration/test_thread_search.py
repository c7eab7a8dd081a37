"""`GET /threads?q=`: full-text search over messages, the same on both databases."""

import pytest

from tests.support.replies import Reply
from tests.support.stream_reader import streaming
from tests.support.waiting import wait_until


@pytest.fixture
def http(own_http):
    return own_http


def found(http, words: str, **params) -> list[str]:
    answer = http.get("/threads", params={"q": words, **params})
    assert answer.status_code == 200, answer.text
    return [thread["id"] for thread in answer.json()["data"]]


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("The Schedule repeats daily", "schedule"),
        ("The schedule repeats daily", "SCHED"),
        ("The schedule repeats daily", "repeats schedule"),
        ("매장 문구를 바꿔 주세요", "문구"),
        ("매장 문구를 바꿔 주세요", "문구를"),
        ("매장 문구를 바꿔 주세요", "문구 매장"),
        ("환불/교환 안내", "교환"),
        ("refund/exchange policy", "exchange"),
        ("refund/exchange policy", "refund/exchange"),
        ("a well-known place", "known"),
        ("a well-known place", "well-known"),
        ("write to someone@example.org", "example"),
        ("write to someone@example.org", "someone@example.org"),
        ("see https://example.org/manual/screens.html", "manual"),
        ("see https://example.org/manual/screens.html", "screens"),
        ("see https://example.org/manual/screens.html", "https://example.org/manual"),
        ("version 3.14 of it", "3.14"),
        ("version 3.14 of it", "14"),
        ("model SCR-101", "101"),
        ("model SCR-101", "scr-101"),
        ("path /usr/local/bin", "local"),
        ("path C:\\Users\\kim", "kim"),
        ("snake_case_name", "case"),
        ("snake_case_name", "snake_case"),
        ("it's John's", "john"),
        ("it's John's", "John's"),
        ("50% off!", "50%"),
        ("「특가」 상품", "특가"),
        ("말했다:“안녕”", "안녕"),
        ("가격은 1,000원입니다", "1,000원"),
        ("<b>bold</b> words", "bold"),
        ("tel.02-123-4567", "123"),
        ("emoji 🎉 party", "🎉 party"),
        ("日本語 テキスト", "テキスト"),
        ("Ünïcödé Ärger", "Ärger"),
        ("Привет мир", "привет"),
        ("line one\nline two", "two"),
        ("tab\tbetween", "between"),
        ("a\\nb is no line", "nb"),
        ("x" * 60, "x" * 60),
    ],
)
def test_words_are_found(http, made, said, asked):
    right = made(said)
    made("nothing of it 무관")
    assert found(http, asked) == [right]


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("The schedule repeats", "chedule"),
        ("The schedule repeats", "schedules"),
        ("The schedule repeats", "schedule never"),
        ("매장 문구", "장"),
        ("text value annotations", "type"),
        ("text", "annotations"),
        ("one", "two"),
    ],
)
def test_other_words_are_not(http, made, said, asked):
    made(said)
    assert found(http, asked) == []


HOSTILE = [
    '"',
    '""',
    '"a',
    "'",
    "''",
    "a'b",
    "a''",
    "\\",
    "a\\",
    "\\'",
    "a\\'b",
    "*",
    "a*",
    "*a",
    "a:*",
    ":*",
    "a & b",
    "a | b",
    "!a",
    "a <-> b",
    "(",
    ")",
    "a)",
    "((a",
    "NOT a",
    "a AND",
    "OR",
    "NEAR(a b, 5)",
    "text:a",
    "rowid:1",
    "^a",
    "-a",
    "+a",
    "{a b}",
    "a;b",
    "'; DROP TABLE messages; --",
    "_",
    "__ _",
    "a _",
    "²",
    "·",
    "،",
    "\u200b",
    "\u3164",
    "\uffff",
    "\U0010ffff",
    "e\u0301",
    "\u0301",
    "🎉",
    " ",
    "%",
    "%s",
    ":q",
    "$1",
    "?",
    "x" * 500,
    "a " * 250,
    "\u0085",
    "ﬀ",
    "İ",
]


@pytest.mark.parametrize("asked", HOSTILE)
def test_no_question_breaks_anything(http, made, asked):
    made("an innocent thread")
    answer = http.get("/threads", params={"q": asked})
    assert answer.status_code == 200, answer.text
    for thread in answer.json()["data"]:
        assert thread["preview"] == "an innocent thread"


@pytest.mark.parametrize("asked", ["!!!", "🎉", " ", "_", "( )", '"', "\u3000"])
def test_a_question_without_a_word_finds_none(http, made, asked):
    made('!!! 🎉 _ ( ) "')
    assert found(http, asked) == []
    # And deletes none.
    assert http.delete("/threads", params={"q": asked}).json()["count"] == 0


def test_punctuation_beside_words_is_passed_over(http, made):
    right = made("the playlist of the lobby")
    for asked in ("lobby _", "playlist - lobby", '"lobby"', "(playlist)", "lobby 🎉", "lobby, …"):
        assert found(http, asked) == [right], asked


def test_all_words_are_of_one_message(http, made):
    together, apart = made("apples and pears"), made("apples", "pears")
    assert found(http, "apples pears") == [together]
    assert found(http, "apples") == [apart, together]


def test_answers_are_found_too(http, upstream):
    upstream.reply(Reply.text("The", " answer", " is", " fortytwo."))
    thread_id = http.post("/chat", json={"message": "question"}).json()["thread_id"]
    assert found(http, "fortytwo question") == []
    assert found(http, "fortytwo") == found(http, "question") == [thread_id]


def test_an_answer_is_found_once_it_is_finished(http, upstream):
    upstream.reply(Reply.text("Almost", " fortytwo", " it is").stalled(after=6))
    with streaming(http, "/chat", {"message": "question"}) as reader:
        reader.until("delta")
        thread_id = reader.response.headers["x-thread-id"]
        assert found(http, "question") == [thread_id]
        assert found(http, "almost") == []
        upstream.release()
        reader.rest()
    assert found(http, "almost fortytwo") == [thread_id]


def test_what_a_stopped_answer_said_is_found(http, upstream):
    upstream.reply(Reply.text("Almost", " fortytwo", " it is").stalled(after=6))
    with streaming(http, "/chat", {"message": "question"}) as reader:
        reader.until("delta")
        headers = reader.response.headers
    path = f"/threads/{headers['x-thread-id']}/runs/{headers['x-run-id']}"
    assert http.post(f"{path}/cancel").is_success
    wait_until(lambda: http.get(path).json()["status"] == "cancelled")
    assert found(http, "almost") == [headers["x-thread-id"]]


def test_what_is_deleted_is_found_no_more(http, made):
    thread_id = made("apples", "pears")
    assert found(http, "apples") == [thread_id]
    page = http.get(f"/threads/{thread_id}/messages", params={"order": "asc"}).json()
    http.delete(f"/threads/{thread_id}/messages/{page['data'][0]['id']}")
    assert (found(http, "apples"), found(http, "pears")) == ([], [thread_id])
    http.delete(f"/threads/{thread_id}")
    assert found(http, "pears") == []
    # Whoever gets its place in the tables does not get its words.
    assert made("plums") and found(http, "pears") == []


def test_a_new_message_is_found_at_once(http, made):
    thread_id = made("apples")
    http.post(f"/threads/{thread_id}/messages", json={"role": "user", "content": "pears"})
    assert found(http, "pears") == [thread_id]
    http.post(
        f"/threads/{thread_id}/messages",
        json={"role": "user", "content": "plums", "metadata": {"rating": "cherries"}},
    )
    assert found(http, "plums") == [thread_id]
    assert found(http, "cherries") == []


def test_very_long_messages_are_kept_and_found(http):
    """However many words there are: no index may refuse what somebody said."""
    parts = [
        {
            "type": "text",
            "text": " ".join(f"낱{part}말{number}" for number in range(30_000))[:255_000],
        }
        for part in range(6)
    ]
    wide = "𠀀" * 255_000
    for content in (parts, wide, "wort" * 60_000, " ".join(map(chr, range(0x4E00, 0x9FFF)))):
        body = {"messages": [{"role": "user", "content": content}]}
        answer = http.post("/threads", json=body)
        assert answer.status_code == 200, answer.text[:300]
    assert len(found(http, "낱0말7 낱0말29")) == 1


def test_an_answer_with_odd_characters_is_kept(http, upstream):
    upstream.reply(Reply.text("a\u0000b ", "\ud7ff \ue000 \ufffe \uffff ", "apple\u0000tree"))
    reply = http.post("/chat", json={"message": "question"})
    assert reply.status_code == 200, reply.text
    assert found(http, "question") == [reply.json()["thread_id"]]


def test_a_message_without_text_hinders_no_search(http, made):
    picture = {"type": "image_url", "image_url": {"url": "https://example.org/screen.png"}}
    message = {"role": "user", "content": [picture]}
    assert http.post("/threads", json={"messages": [message]}).status_code == 200
    thread_id = made("a lighthouse")
    assert found(http, "lighthouse") == [thread_id]
