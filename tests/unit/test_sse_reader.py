"""The splitter of server-sent events."""

import pytest

from app.core.sse_reader import RawEvent, SSEReader


def read(*chunks: bytes) -> list[RawEvent]:
    reader = SSEReader()
    return [event for chunk in chunks for event in reader.feed(chunk)]


STREAM = 'event: a\ndata: {"안녕": "😀"}\n\n: a comment\n\ndata: one\ndata: two\n\n'.encode()
EVENTS = [("a", '{"안녕": "😀"}'.encode()), (None, b"one\ntwo")]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pieces_of_any_size_and_every_line_end_give_the_same_events(
    newline: bytes, size: int
) -> None:
    stream = STREAM.replace(b"\n", newline)
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert read(*chunks) == EVENTS


def test_an_event_is_returned_with_its_last_byte() -> None:
    reader = SSEReader()
    assert reader.feed(b"data: x\r\n\r") == [(None, b"x")]
    assert reader.feed(b"\ndata: y\n") == []
    assert reader.feed(b"\n") == [(None, b"y")]


def test_one_space_after_the_colon_is_no_data() -> None:
    assert read(b"event:a\ndata:x\n\ndata:  y\n\n") == [("a", b"x"), (None, b" y")]


@pytest.mark.parametrize("block", [b": ping", b"event: a", b"id: 1\nretry: 5", b"data", b"data:"])
def test_a_block_without_data_is_no_event(block: bytes) -> None:
    assert read(block + b"\n\n") == []


def test_more_blank_lines_than_needed_change_nothing() -> None:
    assert read(b"\n\n\n\ndata: x\n\n\n", b"\ndata: y\n\n") == [(None, b"x"), (None, b"y")]


def test_finish_gives_the_event_that_lacks_its_blank_line() -> None:
    reader = SSEReader()
    assert reader.feed(b"data: x\n\ndata: y") == [(None, b"x")]
    assert reader.finish() == [(None, b"y")]
    assert reader.finish() == []


def test_a_long_event_in_many_chunks_comes_whole() -> None:
    text = b"x" * 100_000
    reader = SSEReader()
    for at in range(0, len(text), 10):
        assert reader.feed((b"data: " if at == 0 else b"") + text[at : at + 10]) == []
    assert reader.feed(b"\n\n") == [(None, text)]
