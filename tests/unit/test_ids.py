"""Ids: the shapes that OpenAI's clients have always seen."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.domain.ids import PREFIXES, new_call_id, new_id, new_request_id

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [
        ("assistant", "asst_"),
        ("thread", "thread_"),
        ("message", "msg_"),
        ("run", "run_"),
        ("step", "step_"),
    ],
)
def test_an_id_is_its_kinds_prefix_and_24_characters(kind, prefix):
    assert re.fullmatch(rf"{prefix}[A-Za-z0-9]{{24}}", new_id(kind))
    assert new_id(kind).startswith(PREFIXES[kind])


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("file", r"file-[A-Za-z0-9]{22}"),
        ("vector_store", r"vs_[0-9a-f]{32}"),
        ("file_batch", r"vsfb_[0-9a-f]{32}"),
    ],
)
def test_files_and_vector_stores_have_ids_of_other_shapes(kind, form):
    assert re.fullmatch(form, new_id(kind))


def test_calls_and_requests_have_ids_of_their_own():
    assert re.fullmatch(r"call_[A-Za-z0-9]{24}", new_call_id())
    assert re.fullmatch(r"req_[0-9a-f]{32}", new_request_id())


def test_no_id_comes_twice_and_every_character_is_used():
    ids = {new_id("message") for _ in range(5000)}
    assert len(ids) == 5000
    assert len(set("".join(ids).replace("msg_", ""))) == 62


@pytest.mark.parametrize("later", [1, 35, 36, 1000, 86_400_000])
def test_what_is_created_later_sorts_later(later, monkeypatch):
    def id_at(milliseconds: int) -> str:
        monkeypatch.setattr("time.time_ns", lambda: milliseconds * 1_000_000)
        return new_id("message")

    moment = 1_764_000_000_000
    first, second = id_at(moment), id_at(moment + later)
    assert first < second
    # Also where a collation ignores the case of letters.
    assert first.lower() < second.lower()


def test_ids_of_one_moment_share_only_the_time(monkeypatch):
    monkeypatch.setattr("time.time_ns", lambda: 1_764_000_000_000_000_000)
    ids = [new_id("thread") for _ in range(200)]
    varied = [len(set(characters)) for characters in zip(*ids, strict=True)]
    assert varied[: len("thread_") + 8] == [1] * (len("thread_") + 8)
    assert min(varied[len("thread_") + 8 :]) > 30


def test_no_two_are_alike_across_threads():
    with ThreadPoolExecutor(4) as threads:
        made = [*threads.map(lambda _: new_id("thread"), range(2000))]
    assert len({*made}) == 2000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_process_makes_ids_of_its_own():
    forking = """
import os
from app.domain.ids import new_id
new_id("thread")
child = os.fork()
os.write(1, f"{new_id('thread')}\\n".encode())
child and os.waitpid(child, 0)
"""
    reported = subprocess.run(
        [sys.executable, "-c", forking], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert len(reported) == 2
    assert reported[0] != reported[1]
