"""The examples in Python: what they print, on an open server and with a key."""

import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from tests.support.callers import CallAs, callers
from tests.support.examples import KEY, run_example, said_by, settings_of
from tests.support.replies import Reply

DEMO = {"openai_base_url": "", "openai_api_key": ""}


@pytest.fixture(scope="session")
def database_kind() -> str:
    """Programs can't tell one database from the other: one will do."""
    return "sqlite"


@pytest.fixture(scope="module")
def call_as() -> Iterator[CallAs]:
    with callers() as call_as:
        yield call_as


@pytest.fixture(scope="module", params=["", KEY], ids=["open", "keyed"])
def run(start_shared, request):
    """Run an example against a server with the demo model; return how it ended."""
    return runner(start_shared, request.param)[1]


@pytest.fixture(scope="module")
def run_tidily(start_shared, call_as):
    """Like `run`, with a key, and nothing may be left behind."""
    server, run = runner(start_shared, KEY)
    http = call_as(server, KEY).http

    def left() -> list:
        kinds = ("threads", "assistants", "files", "vector_stores")
        return [one["id"] for kind in kinds for one in http.get(f"/{kind}").json()["data"]]

    def run_and_look(path: str):
        before = left()
        ran = run(path)
        assert left() == before
        return ran

    return run_and_look


def runner(start_shared, key: str):
    server = start_shared(**DEMO, api_keys=[f"shop:{key}"] if key else [])

    def run_on_it(path: str, *arguments: str):
        return run_example(sys.executable, path, *arguments, **settings_of(server, key))

    return server, run_on_it


def test_chat(run):
    said = said_by(run("python/chat.py"))
    assert '[데모 모드] 이렇게 말씀하셨습니다: "매장 입구 화면에' in said
    assert '앞에서 이렇게 말씀하셨습니다: "매장 입구 화면에 띄울 여름 할인' in said
    assert said.splitlines()[-1].startswith("thread: thread_")


def test_chat_with_questions_of_ones_own(run):
    said = said_by(run("python/chat.py", "안녕하세요"))
    assert said.count("> ") == 1
    assert '이렇게 말씀하셨습니다: "안녕하세요"' in said


def test_chat_stream(run):
    said = said_by(run("python/chat_stream.py", "가을 신상품을 소개해 주세요."))
    assert '이렇게 말씀하셨습니다: "가을 신상품을 소개해 주세요."' in said
    assert "thread: thread_" in said.splitlines()[-1]


def test_sdk(run_tidily):
    lines = said_by(run_tidily("python/sdk.py")).splitlines()
    assert lines[1] == """count_stock({'product': '우산'}) → {"product": "우산", "in_stock": 3}"""
    assert lines[2].startswith('[데모 모드] 도구가 이렇게 답했습니다: "{"product": "우산"')
    assert lines[-1] == "run: completed"


def test_files(run_tidily):
    said = said_by(run_tidily("python/files.py"))
    assert "shop-guide.md: completed" in said
    assert '문서에 이렇게 나와 있습니다: "' in said
    answer = said.partition("문서에 이렇게")[2]
    assert "14일 안에 교환하거나 환불해 드립니다." in answer
    assert "[1]\n[1] shop-guide.md\n" in answer
    assert "【" not in answer
    assert "(shop-guide.md, " in answer


def test_langchain(run_tidily):
    if find_spec("langchain_classic") is None:
        pytest.skip("not tested: langchain-classic is not here (requirements-dev.txt)")
    said = said_by(run_tidily("langchain/assistant.py"))
    assert "screen_status({'screen': '로비'}) → 로비: 켜짐, '여름 할인' 재생 중" in said
    assert '[데모 모드] 도구가 이렇게 답했습니다: "로비: 켜짐' in said
    assert '앞에서 이렇게 말씀하셨습니다: "screen_status로 로비 화면' in said


@pytest.mark.parametrize("path", ["python/chat.py", "python/chat_stream.py"])
def test_a_refusal_of_the_server_is_reported(start, path):
    server = start(**DEMO, api_keys=[f"shop:{KEY}"])
    ran = run_example(sys.executable, path, **settings_of(server, "another"))
    assert ran.returncode == 1
    assert "401" in ran.stderr
    assert "invalid_api_key" in ran.stderr


def test_a_failure_in_mid_stream_is_reported(start, upstream):
    server = start()
    upstream.reply(Reply.text("반", " 만").cut(after=5))
    ran = run_example(sys.executable, "python/chat_stream.py", **settings_of(server))
    assert ran.returncode == 1
    assert "RuntimeError" in ran.stderr


def test_a_text_may_hold_any_line_separator(start, upstream):
    server = start()
    upstream.reply(Reply.text("one\u2028", "two\x85three", "\n\nevent: four\v"))
    said = said_by(run_example(sys.executable, "python/chat_stream.py", **settings_of(server)))
    assert said.startswith("one\u2028two\x85three\n\nevent: four\v\n")
