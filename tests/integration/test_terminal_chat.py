"""`chat` in the terminal: once, piped, and as a conversation at a real terminal."""

import json

import httpx
import pytest

from app.terminal.answer import split_blocks
from app.terminal.rating import verdict_in
from tests.support.fake_upstream import FakeUpstream
from tests.support.function_calls import call, function_tools
from tests.support.replies import Reply
from tests.support.server import ThreadServer
from tests.support.terminal import at_terminal, fail, other_server, run, succeed
from tests.support.waiting import wait_until


@pytest.fixture
def url(server: ThreadServer, upstream: FakeUpstream) -> str:
    return server.base_url


def thread_of(stderr: str) -> str:
    (line,) = [line for line in stderr.splitlines() if "--thread thread_" in line]
    return line.split()[-1]


def test_one_message_is_answered_and_the_thread_printed(url, http, upstream):
    upstream.reply(Reply.text("**안녕", "하세요** \x1b[2J"))
    result = run("chat", "--message", "안녕", url=url)
    # Into a pipe goes the text as it was written, but for what would steer a terminal.
    assert result.stdout == "**안녕하세요** [2J\n"
    thread = thread_of(result.stderr)
    assert result.stderr == f"To continue: python -m app chat --thread {thread}\n"
    assert succeed("chat", "-t", thread, "-m", "again", url=url) == "Answer to: again\n"
    assert len(http.get(f"/threads/{thread}/messages").json()["data"]) == 4


def test_the_thread_is_printed_in_korean(url):
    result = run("chat", "-m", "hi", "--language", "ko", url=url)
    assert result.stderr.startswith("이어서 대화하려면: python -m app chat --thread thread_")


def test_what_is_piped_in_is_said(url):
    assert succeed("chat", said="몇 시에\n여나요?\n", url=url) == "Answer to: 몇 시에\n여나요?\n"
    # Bytes that are no text don't end it.
    assert "Answer to: a\ufffdb" in succeed("chat", said=b"a\xffb", url=url)


def test_messages_and_what_is_piped_in_go_together(url):
    said = succeed("chat", "-m", "Summarise:", "-m", "-", said="a report\n", url=url)
    assert said == "Answer to: Summarise:\n\na report\n"


def test_nothing_said_is_wrong_usage(url):
    assert "message is empty" in fail("chat", url=url, status=2)
    assert "비어" in fail("chat", "-m", " ", "--language", "ko", url=url, status=2)


def test_the_assistant_is_the_one_asked_for(url, assistant_id, upstream):
    succeed("chat", "-a", assistant_id, "-m", "hi", url=url)
    assert upstream.requests[-1].body["instructions"] == "Be brief."
    assert "No assistant found" in fail("chat", "-a", "asst_nope", "-m", "hi", url=url)


def test_the_reply_as_json(url):
    result = run("chat", "-m", "hi", "--json", url=url)
    reply = json.loads(result.stdout)
    assert (reply["message"], reply["role"]) == ("Answer to: hi", "assistant")
    assert result.stderr == ""


def test_a_failing_model_is_reported(url, upstream):
    upstream.reply(Reply.failed("server_error", "It broke.", "Some "))
    result = run("chat", "-m", "hi", url=url)
    assert result.exit_code == 1
    assert result.stdout == "Some \n"
    going_on, error = result.stderr.splitlines()
    assert "--thread thread_" in going_on
    assert error.startswith("Error: The server says: The model did not answer: ")
    assert error.endswith("It broke.")


def test_an_answer_that_was_cut_short_says_so(url, upstream):
    upstream.reply(Reply.incomplete("Half"))
    result = run("chat", "-m", "hi", url=url)
    assert result.stdout == "Half\n"
    assert "(The answer is incomplete: max_completion_tokens)" in result.stderr


def test_a_tool_of_the_callers_is_named(url, client, upstream):
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    assistant = client.beta.assistants.create(model="m", tools=[tool])
    upstream.reply(Reply.function_calls(("call_1", "weather", "{}"), text="Let me look."))
    said = succeed("chat", "-a", assistant.id, "-m", "hi", url=url)
    assert said.startswith("Let me look.\n\n")
    assert "weather" in said


def test_tool_calls_are_shown_on_request(url, client, upstream):
    assistant = client.beta.assistants.create(model="m", tools=function_tools("list_screens"))
    for _ in range(2):
        upstream.reply(Reply.function_calls(call("list_screens")), Reply.text("Two."))
    assert succeed("chat", "-a", assistant.id, "-m", "hi", url=url) == "Two.\n"
    said = succeed("chat", "-a", assistant.id, "-m", "hi", "--steps", url=url)
    assert said.startswith("Two.\n\n> Called list_screens\n")


def test_a_conversation_streams_and_goes_on(url, upstream):
    """At a terminal: seen growing, rendered, in two turns; Ctrl+D exits and tells the thread."""
    first = Reply.text("# 제목\n\n", "**굵은** ", "글자").stalled(6)
    upstream.reply(first)
    with at_terminal("chat", "--language", "ko", url=url) as terminal:
        terminal.wait_for("Ctrl+D는 대화를 끝냅니다.")
        terminal.wait_for("› ")
        terminal.type("첫 질문\n")
        # Shown while the model is still silent in the middle of its answer.
        assert upstream.wait_stalled()
        terminal.wait_for("제목", after="첫 질문")
        assert "글자" not in terminal.seen
        upstream.release()
        terminal.wait_for("굵은 글자")
        assert "**" not in terminal.seen
        terminal.wait_for("› ", after="굵은 글자")
        terminal.type("둘째\n")
        terminal.wait_for("Answer to: 둘째")
        terminal.wait_for("› ", after="Answer to: 둘째")
        terminal.type("\x04")
        assert terminal.wait() == 0
        thread = thread_of(terminal.seen)
    said = [one["content"] for one in upstream.requests[1].body["input"]]
    assert "첫 질문" in str(said)
    with at_terminal("chat", "--thread", thread, url=url) as terminal:
        # Where it stood is shown again.
        terminal.wait_for("Answer to: 둘째")
        terminal.wait_for("› ")
        terminal.type("\x04")
        assert terminal.wait() == 0


def test_ctrl_c_stops_the_answer_and_the_conversation_goes_on(url, http, upstream):
    upstream.reply(Reply.text("Once ", "upon ", "a time").stalled(5))
    with at_terminal("chat", url=url) as terminal:
        terminal.wait_for("› ")
        terminal.type("tell\n")
        terminal.wait_for("Once", after="tell")
        assert upstream.wait_stalled()
        terminal.type("\x03")
        terminal.wait_for("(stopped)")
        # The model was hung up on: nothing is paid for that nobody reads.
        assert upstream.wait_hang_up()
        terminal.wait_for("› ", after="(stopped)")
        terminal.type("more\n")
        terminal.wait_for("Answer to: more")
        terminal.wait_for("› ", after="Answer to: more")
        # At the prompt it only says how to leave.
        terminal.type_until("\x03", "Ctrl+D exits.", after="Answer to: more")
        terminal.type_until("\x04", "To continue:", after="Answer to: more")
        assert terminal.wait() == 0
        thread = thread_of(terminal.seen)
    runs = http.get(f"/threads/{thread}/runs", params={"order": "asc"}).json()["data"]
    assert [run["status"] for run in runs] == ["cancelled", "completed"]


def test_ctrl_c_ends_a_single_message(url, http, upstream):
    upstream.reply(Reply.text("Once ", "upon ", "a time").stalled(5))
    with at_terminal("chat", "-m", "tell", url=url) as terminal:
        terminal.wait_for("Once")
        assert upstream.wait_stalled()
        terminal.type("\x03")
        assert terminal.wait() == 130
        thread = thread_of(terminal.seen)
        # What hid the cursor has given it back.
        assert terminal.raw.rindex("\x1b[?25h") > terminal.raw.rindex("\x1b[?25l")
        assert "Traceback" not in terminal.seen
    assert status(http, thread) == "cancelled"


def status(http: httpx.Client, thread: str) -> str:
    def ended() -> str:
        (run,) = http.get(f"/threads/{thread}/runs").json()["data"]
        return str(run["status"]) if run["status"] not in ("in_progress", "cancelling") else ""

    return wait_until(ended)


def test_an_answer_is_rated(url, http, upstream):
    with at_terminal("chat", "--language", "ko", url=url) as terminal:
        terminal.wait_for("/up이나 /down은 답변을 평가합니다.")
        terminal.type("/up\n")
        terminal.wait_for("아직 평가할 답변이 없습니다.")
        terminal.type("질문\n")
        terminal.wait_for("Answer to: 질문")
        terminal.wait_for("› ", after="Answer to: 질문")
        terminal.type("/down 너무 길어요\n")
        terminal.wait_for("도움이 안 됐어요")
        terminal.wait_for("› ", after="도움이 안 됐어요")
        terminal.type("\x04")
        assert terminal.wait() == 0
        thread = thread_of(terminal.seen)

    def rated() -> list[tuple[str, str | None]]:
        found = http.get(f"/threads/{thread}/feedback").json()["data"]
        return [(one["rating"], one["comment"]) for one in found]

    assert rated() == [("down", "너무 길어요")]
    result = run("threads", "rate", thread, "up", "-c", "short", url=url)
    assert result.stderr == "The answer was rated as helpful.\n" and rated() == [("up", "short")]
    assert '"rating": null' in succeed("threads", "rate", thread, "none", "--json", url=url)
    assert rated() == []
    assert verdict_in(" /up") is None, "a message can't begin with the word"


def test_a_failure_does_not_end_a_conversation(url, upstream):
    upstream.reply(Reply.failed("server_error", "It broke."))
    with at_terminal("chat", url=url) as terminal:
        terminal.wait_for("› ")
        terminal.type("one\n")
        terminal.wait_for("Error: The server says: The model did not answer: ")
        terminal.wait_for("It broke.")
        terminal.wait_for("› ", after="It broke.")
        terminal.type("two\n")
        terminal.wait_for("Answer to: two")
        terminal.wait_for("› ", after="Answer to: two")
        terminal.type("\x04")
        assert terminal.wait() == 0


def test_what_is_wrong_is_found_before_anything_is_typed(url):
    with at_terminal("chat", "--assistant", "asst_nope", url=url) as terminal:
        assert terminal.wait() == 1
        assert "No assistant found with id 'asst_nope'." in terminal.seen
    with at_terminal("chat", "--json", url=url) as terminal:
        assert terminal.wait() == 2


@pytest.mark.parametrize("columns", [20, 200])
def test_any_width_holds_korean(url, upstream, columns):
    upstream.reply(
        Reply.text(
            "- 매장 입구 화면에 띄울 여름 할인 문구\n- 둘째\n\n", "| 가 | 나 |\n|-|-|\n| 1 | 2 |"
        )
    )
    with at_terminal("chat", "-m", "표", url=url, columns=columns) as terminal:
        assert terminal.wait() == 0
        assert "둘째" in terminal.seen
        assert "할인" in terminal.seen.replace("\n", "")


def test_after_a_lost_connection_it_says_where_the_answer_will_be():
    begun = 'event: delta\ndata: {"delta": "Once"}\n\n'
    with other_server(200, begun, {"x-thread-id": "thread_1", "x-run-id": "run_1"}) as url:
        result = run("chat", "-m", "tell", url=url)
    assert (result.exit_code, result.stdout) == (1, "Once\n")
    assert "python -m app threads show thread_1" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "whole", "rest"),
    [
        ("one", "", "one"),
        ("one\n\n", "", "one\n\n"),
        ("one\n\ntwo", "one", "two"),
        ("one\n\ntwo\n \nthree", "one\n\ntwo", "three"),
        # What is indented may still belong to the list before it.
        ("- one\n\n  more", "", "- one\n\n  more"),
        # A fence that is open holds its blank lines.
        ("```\na\n\nb", "", "```\na\n\nb"),
        ("```\na\n\nb\n```\n\nafter", "```\na\n\nb\n```", "after"),
    ],
)
def test_only_whole_blocks_are_printed_for_good(text, whole, rest):
    assert split_blocks(text) == (whole, rest)


def test_an_answer_longer_than_the_screen_is_shown_whole(url, upstream):
    upstream.reply(Reply.text(*(f"- line {number}\n" for number in range(60))))
    with at_terminal("chat", "-m", "list", url=url) as terminal:
        assert terminal.wait() == 0
        shown = terminal.raw.rpartition("\x1b[2K")[0]
    assert all(f"line {number} " in shown for number in range(60))
