"""The examples for Node: what they print, on an open server and with a key."""

import pytest

from tests.support.examples import EXAMPLES, KEY, run_example, said_by, settings_of
from tests.support.node_packages import needs_node, project, run_node
from tests.support.replies import Reply

DEMO = {"openai_base_url": "", "openai_api_key": ""}
FETCH = "javascript/node.mjs"


@pytest.fixture(scope="session")
def database_kind() -> str:
    """Programs can't tell one database from the other: one will do."""
    return "sqlite"


@pytest.fixture(scope="session", autouse=True)
def node() -> None:
    needs_node()


@pytest.fixture(scope="module", params=["", KEY], ids=["open", "keyed"])
def settings(start_shared, request) -> dict[str, str]:
    """What tells an example of a server with the demo model."""
    key = request.param
    return settings_of(start_shared(**DEMO, api_keys=[f"shop:{key}"] if key else []), key)


def test_fetch(settings):
    said = said_by(run_example("node", FETCH, **settings))
    assert '[데모 모드] 이렇게 말씀하셨습니다: "매장 입구 화면에' in said
    assert '앞에서 이렇게 말씀하셨습니다: "매장 입구 화면에 띄울 여름 할인' in said
    assert said.splitlines()[-1].startswith("thread: thread_")


def test_the_sdk(start, tmp_path_factory):
    folder = project(tmp_path_factory, EXAMPLES / "node-sdk")
    server = start(**DEMO, api_keys=[f"shop:{KEY}"])
    ran = run_node(folder, "main.mjs", environment=settings_of(server, KEY))
    lines = said_by(ran).splitlines()
    assert lines[1] == 'count_stock({"product": "우산"}) → {"product":"우산","in_stock":3}'
    assert lines[2].startswith('[데모 모드] 도구가 이렇게 답했습니다: "{"product":"우산"')
    assert lines[-1] == "run: completed"


def test_a_refusal_of_the_server_is_reported(start):
    server = start(**DEMO, api_keys=[f"shop:{KEY}"])
    ran = run_example("node", FETCH, **settings_of(server, "another"))
    assert ran.returncode == 1
    assert "Error: 401" in ran.stderr
    assert "invalid_api_key" in ran.stderr


def test_a_failure_in_mid_stream_is_reported(start, upstream):
    server = start()
    upstream.reply(Reply.text("여기까지"), Reply.text("반", " 만").cut(after=5))
    ran = run_example("node", FETCH, **settings_of(server))
    assert ran.returncode == 1
    assert "여기까지" in ran.stdout
    assert "Error: " in ran.stderr


def test_a_text_may_hold_any_line_separator(start, upstream):
    server = start()
    upstream.reply(Reply.text("one"), Reply.text("two\u2028", "three\x85", "\n\nevent: four"))
    said = said_by(run_example("node", FETCH, **settings_of(server)))
    assert "\ntwo\u2028three\x85\n\nevent: four\n" in said
