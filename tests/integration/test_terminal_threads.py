"""`threads` in the terminal: listed, shown, exported, deleted."""

import json
import re

import httpx
import pytest

from tests.support.charts import bar_chart
from tests.support.fake_upstream import FakeUpstream
from tests.support.function_calls import call, function_tools
from tests.support.replies import Reply
from tests.support.server import ThreadServer
from tests.support.terminal import at_terminal, fail, run, succeed


@pytest.fixture
def url(server: ThreadServer, upstream: FakeUpstream) -> str:
    return server.base_url


@pytest.fixture
def talk(http: httpx.Client) -> str:
    """A thread with a title, a question of two lines and an answer."""
    first = http.post("/chat", json={"message": "몇 시에\n여나요?"}).json()
    thread: str = first["thread_id"]
    http.post(f"/threads/{thread}", json={"metadata": {"title": "영업 시간", "kind": thread}})
    return thread


def test_a_thread_is_shown_as_it_was_said(url, talk):
    shown = succeed("threads", "show", talk, url=url)
    assert re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "<time>", shown) == (
        "User · <time>\n몇 시에\n여나요?\n\nAssistant · <time>\nAnswer to: 몇 시에\n여나요?\n\n"
    )
    assert succeed("threads", "show", talk, "--language", "ko", url=url).startswith("사용자 · ")
    whole = json.loads(succeed("threads", "show", talk, "--json", url=url))
    assert whole["thread"]["id"] == talk
    assert [message["role"] for message in whole["messages"]] == ["user", "assistant"]


def test_every_message_of_a_long_thread_is_shown(url, http):
    messages = [{"role": "user", "content": f"number {count}"} for count in range(130)]
    thread = http.post("/threads", json={"messages": messages}).json()["id"]
    shown = succeed("threads", "show", thread, url=url)
    assert re.findall(r"number (\d+)", shown) == [str(count) for count in range(130)]


def test_what_is_no_text_is_named(url, http):
    parts = [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
    ]
    said = {"role": "user", "content": parts}
    thread = http.post("/threads", json={"messages": [said]}).json()["id"]
    shown = succeed("threads", "show", thread, "--language", "ko", url=url)
    assert "look\n\n[이미지: https://example.org/a.png]\n" in shown


def test_export_as_markdown(url, talk, tmp_path):
    text = succeed("threads", "export", talk, "--language", "ko", url=url)
    assert text.startswith(f"# 영업 시간\n\n`{talk}` · 2")
    assert "\n\n## 사용자 · 2" in text
    assert text.endswith("\n\nAnswer to: 몇 시에\n여나요?\n")
    file = tmp_path / "대화.md"
    result = run("threads", "export", talk, "-o", str(file), "--language", "ko", url=url)
    assert (result.stdout, result.stderr) == ("", f"메시지 2개를 {file}에 내보냈습니다.\n")
    assert file.read_text("utf-8") == text


def test_export_as_json(url, talk, tmp_path):
    file = tmp_path / "talk.json"
    succeed("threads", "export", talk, "--output", str(file), url=url)
    exported = json.loads(file.read_text("utf-8"))
    printed = json.loads(succeed("threads", "export", talk, "--format", "json", url=url))
    assert exported == printed
    assert "몇 시에" in file.read_text("utf-8")


def test_an_export_replaces_nothing_unasked(url, talk, tmp_path):
    file = tmp_path / "talk.md"
    file.write_text("mine")
    assert "--force" in fail("threads", "export", talk, "-o", str(file), url=url)
    assert file.read_text() == "mine"
    succeed("threads", "export", talk, "-o", str(file), "--force", url=url)
    assert file.read_text("utf-8").startswith("# 영업 시간")
    assert "is a folder" in fail("threads", "export", talk, "-o", str(tmp_path), url=url)
    missing = tmp_path / "none" / "talk.md"
    assert "can't be written" in fail("threads", "export", talk, "-o", str(missing), url=url)


def test_deleting_asks_first(url, http, talk):
    assert "Add --yes" in fail("threads", "delete", talk, url=url, status=2)
    with at_terminal("threads", "delete", talk, "--language", "ko", url=url) as terminal:
        terminal.wait_for("대화 1개를 메시지와 함께 지울까요? [y/N]")
        terminal.type("n\n")
        assert terminal.wait() == 1
    assert http.get(f"/threads/{talk}").status_code == 200
    with at_terminal("threads", "delete", talk, "--language", "ko", url=url) as terminal:
        terminal.wait_for("[y/N]")
        terminal.type("네\n")
        assert terminal.wait() == 0
    assert http.get(f"/threads/{talk}").status_code == 404


def test_several_are_deleted_at_once(url, http):
    made = [http.post("/threads", json={}).json()["id"] for _ in range(2)]
    result = run("threads", "delete", *made, "--yes", url=url)
    assert result.stderr.splitlines() == [f"Deleted {one}." for one in made]
    assert {http.get(f"/threads/{one}").status_code for one in made} == {404}


def test_threads_are_listed_by_title_or_first_words(url, http, talk):
    plain = http.post("/chat", json={"message": "Where is the key?"}).json()["thread_id"]
    listed = succeed("threads", "list", "--limit", "100", url=url)
    (titled,) = [line for line in listed.splitlines() if line.startswith(talk)]
    (previewed,) = [line for line in listed.splitlines() if line.startswith(plain)]
    assert titled.rstrip().endswith("영업 시간")
    assert previewed.rstrip().endswith("Where is the key?")


def test_threads_are_found_by_metadata_and_words(url, http, talk):
    found = json.loads(succeed("threads", "list", "--metadata", f"kind={talk}", "--json", url=url))
    assert [one["id"] for one in found] == [talk]
    http.post("/chat", json={"message": f"tell of {talk[-9:]} now"})
    said = json.loads(succeed("threads", "list", "--search", talk[-9:], "--json", url=url))
    assert len(said) == 1


def test_steps_are_shown_on_request(url, http, client, upstream):
    assistant = client.beta.assistants.create(model="m", tools=function_tools("list_screens"))
    upstream.reply(Reply.function_calls(call("list_screens", city="부산")), Reply.text("Two."))
    body = {"message": "Which?", "assistant_id": assistant.id}
    thread = http.post("/chat", json=body).json()["thread_id"]
    assert "list_screens" not in succeed("threads", "show", thread, url=url)
    shown = succeed("threads", "show", thread, "--steps", url=url)
    assert shown.index("> Called list_screens") < shown.index("Two.")
    assert '"city": "부산"' in shown and "해운대 광장" in shown
    whole = json.loads(succeed("threads", "show", thread, "--steps", "--json", url=url))
    [steps] = whole["steps"].values()
    assert [one["type"] for one in steps] == ["tool_calls"]


def test_a_picture_is_shown_with_how_to_get_it(url, http):
    file = {"file": ("chart.png", bar_chart(), "image/png")}
    file_id = http.post("/files", data={"purpose": "vision"}, files=file).json()["id"]
    parts = [{"type": "image_file", "image_file": {"file_id": file_id}}]
    body = {"messages": [{"role": "user", "content": parts}]}
    thread = http.post("/threads", json=body).json()["id"]
    shown = succeed("threads", "show", thread, url=url)
    assert f"[image: {file_id}] python -m app files download {file_id}\n" in shown
