"""`chat` in the terminal asks before the server makes a call that has consequences."""

import pytest

from tests.support.action_documents import weather
from tests.support.function_calls import call
from tests.support.replies import Reply
from tests.support.terminal import at_terminal, succeed

NAME = "weather__reportWeather"


@pytest.fixture
def chat(start, api, upstream):
    """The arguments of a chat whose first answer calls the API."""
    server = start(actions_allow=[api.host])
    document = weather(api.url)
    assert server.http.post("/actions", json={"name": "weather", "document": document}).is_success
    body = {
        "model": "gpt-5.4-mini",
        "tools": [{"type": "function", "function": {"name": NAME}}],
    }
    assistant = server.http.post("/assistants", json=body).json()["id"]
    asked = Reply.function_calls(call(NAME, city="Ulm", body={"text": "rain"}))
    upstream.reply(asked, Reply.text("That is done."))
    return ("chat", "-a", assistant), server.base_url


@pytest.mark.parametrize(("answer", "calls"), [("y", 1), ("n", 0), ("", 0)])
def test_it_asks_and_goes_on(chat, api, answer, calls):
    arguments, url = chat
    with at_terminal(*arguments, url=url) as terminal:
        terminal.wait_for("› ")
        terminal.type("report\n")
        terminal.wait_for(f"Weather would run “reportWeather” (POST {api.host})")
        terminal.wait_for('"text": "rain"')
        terminal.wait_for("Allow this call? [y/N]")
        assert api.asked == []
        terminal.type(f"{answer}\n")
        terminal.wait_for("That is done.")
        terminal.wait_for("› ", after="That is done.")
        assert len(api.asked) == calls
        terminal.type("\x04")
        assert terminal.wait() == 0


def test_without_a_terminal_nothing_is_allowed(chat, api):
    arguments, url = chat
    said = succeed(*arguments, "-m", "report", url=url)
    assert said == f"This has to be allowed before it is done: reportWeather (POST {api.host}).\n"
    assert api.asked == []
