"""Actions of the assistants file: their functions are tools of its assistants."""

import asyncio
import json

import pytest

from app.core.assistants_file import load_assistants, named_variables
from app.core.outbound.addresses import AllowedHosts
from app.core.outbound.client import OutboundClient
from app.core.sealing import Sealer, new_key
from app.db.database import Database
from app.domain.errors import StartError
from app.services.action_making import ActionMaker
from app.services.written_actions import with_actions
from tests.support.action_documents import weather
from tests.support.assistants_files import written
from tests.support.called_api import Reply
from tests.support.function_calls import call, outputs
from tests.support.replies import Reply as ModelReply
from tests.support.talk import finished

SECRET = "sk-of-the-weather"
FILE = """
assistants:
  - id: asst_weather
    tools: [{type: function, function: {name: mine}}]
    actions:
      - name: weather
        document: weather.json
        operations: [getForecast]
        auth: {type: api_key, in: bearer, secret_env: WEATHER_KEY}
"""


@pytest.fixture
def folder(tmp_path, api, monkeypatch):
    (tmp_path / "weather.json").write_text(json.dumps(weather(api.url)))
    monkeypatch.setenv("WEATHER_KEY", SECRET)
    return tmp_path


def test_its_operations_are_tools_and_are_called_with_the_secret(start, folder, api, upstream):
    server = start(assistants_file=written(folder, FILE), actions_allow=[api.host])
    client, http = server.client, server.http
    tools = client.beta.assistants.retrieve("asst_weather").tools
    assert [tool.function.name for tool in tools] == ["mine", "weather__getForecast"]
    api.authorization = f"Bearer {SECRET}"
    upstream.reply(
        ModelReply.function_calls(call("weather__getForecast", city="Ulm")), ModelReply.text("Ok.")
    )
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
    assert finished(client, thread.id, "asst_weather").status == "completed"
    assert outputs(upstream) == ['{"ok":true}']
    [action] = http.get("/actions").json()["data"]
    assert (action["name"], action["auth"]["has_secret"]) == ("weather", True)
    refused = [
        http.post(f"/actions/{action['id']}", json={"ask": "never"}),
        http.delete(f"/actions/{action['id']}"),
    ]
    assert {answer.json()["error"]["code"] for answer in refused} == {"assistant_is_configured"}


def test_a_restart_follows_the_file(start, folder, api):
    settings = {"actions_allow": [api.host]}
    first = start(assistants_file=written(folder, FILE), **settings)
    [before] = first.http.get("/actions").json()["data"]
    first.stop()
    changed = FILE.replace("[getForecast]", "[getForecast, reportWeather]")
    second = start(assistants_file=written(folder, changed), **settings)
    [after] = second.http.get("/actions").json()["data"]
    assert (after["id"], after["created_at"]) == (before["id"], before["created_at"])
    assert len(second.client.beta.assistants.retrieve("asst_weather").tools) == 3
    second.stop()
    third = start(assistants_file=written(folder, FILE.partition("    actions:")[0]), **settings)
    assert third.http.get("/actions").json()["data"] == []
    assert len(third.client.beta.assistants.retrieve("asst_weather").tools) == 1


def test_a_document_from_a_url_is_kept_when_it_can_not_be_fetched(start, folder, api, upstream):
    api.replies["/weather.json"] = Reply(200, json.dumps(weather(api.url)).encode())
    text = FILE.replace("document: weather.json", f"document: {api.url}/weather.json")
    settings = {"assistants_file": written(folder, text), "actions_allow": [api.host]}
    start(**settings).stop()
    api.replies["/weather.json"] = Reply(503, b"")
    again = start(**settings)
    [action] = again.http.get("/actions").json()["data"]
    assert action["document_url"] == f"{api.url}/weather.json"
    assert len(again.client.beta.assistants.retrieve("asst_weather").tools) == 2


def test_a_faulty_document_is_a_fault_with_its_line(folder, database_url):
    (folder / "weather.json").write_text('{"swagger": "2.0"}')
    path = written(folder, FILE)
    assistants = load_assistants(path, may_be_missing=False, model="m", functions=(), max_bytes=99)
    maker = ActionMaker(OutboundClient(AllowedHosts()), Sealer(new_key()))
    database = Database(database_url, pool_size=1, timeout=5)
    with pytest.raises(StartError) as caught:
        asyncio.run(with_actions(database, maker, assistants))
    assert str(caught.value).startswith(
        f"{path}, line 6: assistants[0].actions[0].document: The document is Swagger 2.0."
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("weather.json", "none.json", "line 6: assistants[0].actions[0]: there is no such file"),
        (
            "name: weather",
            "name: a_b",
            "line 6: assistants[0].actions[0].name: string should match",
        ),
        ("WEATHER_KEY", "OTHER_KEY", "line 9: assistants[0].actions[0].auth.secret_env: the vari"),
        (
            "secret_env: WEATHER_KEY",
            "secret: sk-secret",
            "line 9: assistants[0].actions[0].auth.secret: must not be in the file",
        ),
        ("in: bearer", "in: somewhere", "line 9: assistants[0].actions[0].auth.in: "),
        ("operations", "operation", "line 8: assistants[0].actions[0].operation: unknown key"),
    ],
)
def test_faults_have_lines_and_show_no_secret(folder, old, new, fault):
    path = written(folder, FILE.replace(old, new))
    with pytest.raises(StartError) as caught:
        load_assistants(path, may_be_missing=False, model="m", functions=(), max_bytes=99)
    assert fault in str(caught.value)
    assert "sk-" not in str(caught.value)


def test_the_named_variables_are_known(folder):
    assert named_variables(written(folder, FILE)) == {"WEATHER_KEY"}


def test_functions_of_an_action_that_left_the_file_do_not_wait_for_a_client(
    start, folder, api, upstream
):
    settings = {"actions_allow": [api.host]}
    first = start(assistants_file=written(folder, FILE), **settings)
    tool = {"type": "function", "function": {"name": "weather__getForecast"}}
    own = first.http.post("/assistants", json={"model": "m", "tools": [tool]}).json()["id"]
    first.stop()
    second = start(assistants_file=written(folder, FILE.partition("    actions:")[0]), **settings)
    upstream.reply(
        ModelReply.function_calls(call("weather__getForecast", city="Ulm")), ModelReply.text("Ok.")
    )
    thread = second.client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
    assert finished(second.client, thread.id, own).status == "completed"
    assert "tools" not in upstream.requests[0].asked
    [output] = outputs(upstream)
    assert output.startswith("Error: unknown function 'weather__getForecast'.")
    second.http.delete(f"/assistants/{own}").raise_for_status()
    second.stop()
    third = start(assistants_file=written(folder, FILE.partition("    actions:")[0]), **settings)
    assert third.http.get("/actions").json()["data"] == []
