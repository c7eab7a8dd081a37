"""Actions: operations of an OpenAPI document, called by this server as functions of the model."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from app.db import actions
from app.domain.access import DEFAULT_PROJECT
from tests.support.action_documents import meilisearch, twilio_verify, weather
from tests.support.called_api import Reply
from tests.support.function_calls import call, outputs
from tests.support.replies import Reply as ModelReply
from tests.support.rows import connected
from tests.support.talk import error_of, finished
from tests.support.waiting import wait_until

BOTH_APIS = True
SECRET = "sk-of-the-called-api"


@pytest.fixture
def server(start, api):
    return start(actions_allow=[api.host])


@pytest.fixture
def http(server):
    return server.http


@pytest.fixture
def client(server):
    return server.client


def bearer(secret=SECRET):
    return {"type": "api_key", "in": "bearer", "secret": secret}


def made(http, **body):
    answer = http.post("/actions", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def tools_of(http, action):
    listed = http.get(f"/actions/{action['id']}/operations").json()["data"]
    return [one["tool"] for one in listed if one["offered"]]


@pytest.fixture
def run(client, http):
    """Run a new thread with the functions of an action."""

    def begin(action, **options):
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
        tools = tools_of(http, action)
        return finished(client, thread.id, "asst_default", tools=tools, **options)

    return begin


def test_an_operation_is_called_and_its_answer_goes_to_the_model(http, run, api, upstream):
    action = made(http, name="weather", document=weather(api.url), auth=bearer())
    api.authorization = f"Bearer {SECRET}"
    api.replies["/cities/%EC%84%9C%EC%9A%B8"] = Reply.json({"forecast": "맑음"})
    upstream.reply(
        ModelReply.function_calls(call("weather__getForecast", city="서울", days=2)),
        ModelReply.text("맑아요."),
    )
    assert run(action).status == "completed"
    assert outputs(upstream) == ['{"forecast": "맑음"}']
    [asked] = api.asked
    assert (asked.method, asked.target) == ("GET", "/cities/%EC%84%9C%EC%9A%B8?days=2")
    assert asked.headers["authorization"] == f"Bearer {SECRET}"


def test_the_model_reads_the_definitions_of_the_document(http, run, api, upstream):
    action = made(http, name="weather", document=weather(api.url), ask="never")
    run(action)
    forecast, report = upstream.requests[0].asked["tools"]
    assert forecast == {
        "type": "function",
        "name": "weather__getForecast",
        "description": "The forecast of a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "A city's name."},
                "days": {"type": "integer"},
            },
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": False,
    }
    assert report["parameters"]["required"] == ["city", "body"]


def test_a_body_is_sent_as_json(http, run, api, upstream):
    action = made(http, name="weather", document=weather(api.url), ask="never")
    arguments = {"city": "Ulm", "body": {"text": "비가 와요"}}
    upstream.reply(
        ModelReply.function_calls(call("weather__reportWeather", **arguments)),
        ModelReply.text("Done."),
    )
    assert run(action).status == "completed"
    [asked] = api.asked
    assert (asked.method, asked.target, asked.json) == ("POST", "/cities/Ulm", arguments["body"])
    assert asked.headers["content-type"] == "application/json"


def test_steps_are_streamed_as_those_of_functions(http, client, api, upstream):
    action = made(http, name="weather", document=weather(api.url))
    upstream.reply(
        ModelReply.function_calls(call("weather__getForecast", city="Ulm")),
        ModelReply.text("Fine."),
    )
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
    events = client.beta.threads.runs.create(
        thread_id=thread.id,
        assistant_id="asst_default",
        tools=tools_of(http, action),
        stream=True,
    )
    seen = {event.event: event.data for event in events}
    assert "thread.run.completed" in seen
    run_id = seen["thread.run.completed"].id
    steps = client.beta.threads.runs.steps.list(run_id, thread_id=thread.id, order="asc")
    [tool_call] = steps.data[0].step_details.tool_calls
    assert tool_call.type == "function"
    assert tool_call.function.name == "weather__getForecast"
    assert tool_call.function.output == '{"ok":true}'


def test_the_binding_survives_what_an_sdk_sends_back(http, client, api, upstream):
    action = made(http, name="weather", document=weather(api.url), operations=["getForecast"])
    assistant = client.beta.assistants.create(model="gpt-5.4-mini", tools=tools_of(http, action))
    kept = client.beta.assistants.retrieve(assistant.id)
    plain = [{"type": tool.type, "function": {"name": tool.function.name}} for tool in kept.tools]
    client.beta.assistants.update(assistant.id, tools=plain, name="Renamed")
    upstream.reply(
        ModelReply.function_calls(call("weather__getForecast", city="Ulm")), ModelReply.text("Ok.")
    )
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
    assert finished(client, thread.id, assistant.id).status == "completed"
    assert outputs(upstream) == ['{"ok":true}']


@pytest.mark.parametrize(
    ("reply", "output"),
    [
        (Reply.json({"detail": "no such city"}, 404), "Error: HTTP 404 Not Found\n"),
        (Reply(204, b"", {}), "(HTTP 204, without content)"),
        (Reply(200, b"\x89PNG", {"Content-Type": "image/png"}), "(The answer is image/png, which"),
        (Reply(302, b"", {"Location": "http://127.0.0.1:1/"}), "Error: only https:// is called"),
    ],
)
def test_failures_are_explained_to_the_model(http, run, api, upstream, reply, output):
    action = made(http, name="weather", document=weather(api.url))
    api.replies["/cities/Ulm"] = reply
    upstream.reply(
        ModelReply.function_calls(call("weather__getForecast", city="Ulm")), ModelReply.text("Ok.")
    )
    assert run(action).status == "completed"
    [read] = outputs(upstream)
    assert read.startswith(output)


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ({}, "Error: Missing arguments: city."),
        ({"city": ".."}, "Error: city can't be '..'."),
        ({"city": "Ulm", "hacked": 1}, "Error: Unknown arguments: hacked."),
    ],
)
def test_wrong_arguments_are_explained_and_not_sent(http, run, api, upstream, arguments, output):
    action = made(http, name="weather", document=weather(api.url))
    upstream.reply(
        ModelReply.function_calls(call("weather__getForecast", **arguments)),
        ModelReply.text("Ok."),
    )
    assert run(action).status == "completed"
    [read] = outputs(upstream)
    assert read.startswith(output)
    assert api.asked == []


def test_a_long_answer_is_cut(http, api):
    action = made(http, name="weather", document=weather(api.url))
    api.replies["/cities/Ulm"] = Reply(200, "가".encode() * 300_000, {"Content-Type": "text/plain"})
    tried = {"operation": "getForecast", "arguments": {"city": "Ulm"}}
    answer = http.post(f"/actions/{action['id']}/call", json=tried).json()
    assert (answer["status"], len(answer["output"])) == (200, 100_000)
    assert answer["output"].endswith("가…")


def test_an_operation_that_is_not_offered_is_not_called(http, client, api, upstream):
    action = made(http, name="weather", document=weather(api.url), operations=["getForecast"])
    name = "weather__reportWeather"
    listed = [{"type": "function", "function": {"name": name}}]
    upstream.reply(
        ModelReply.function_calls(call(name, city="Ulm", body={"text": "x"})),
        ModelReply.text("Ok."),
    )
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
    assert finished(client, thread.id, "asst_default", tools=listed).status == "completed"
    assert upstream.requests[0].asked.get("tools", []) == []
    assert "unknown function" in outputs(upstream)[0]
    assert api.asked == []
    tried = http.post(f"/actions/{action['id']}/call", json={"operation": "reportWeather"})
    assert tried.status_code == 400


def test_a_secret_is_never_sent_back(http, api, rows):
    action = made(http, name="weather", document=weather(api.url), auth=bearer())
    assert action["auth"]["has_secret"] is True
    changed = http.post(f"/actions/{action['id']}", json={"ask": "always"}).json()
    listed = http.get("/actions").json()
    operations = http.get(f"/actions/{action['id']}/operations").json()
    assert SECRET not in json.dumps([action, changed, listed, operations])
    [stored] = rows.exec_driver_sql("SELECT secret FROM actions").scalars()
    assert SECRET not in stored


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        (bearer(), f"Bearer {SECRET}"),
        (
            {"type": "api_key", "in": "basic", "secret": "minji:서울".replace("서울", "seoul")},
            f"Basic {base64.b64encode(b'minji:seoul').decode()}",
        ),
    ],
)
def test_the_key_is_sent_as_authorization(http, api, auth, header):
    action = made(http, name="weather", document=weather(api.url), auth=auth)
    api.authorization = header
    assert tried(http, action)["status"] == 200


def tried(http, action, operation="getForecast", arguments=None):
    body = {"operation": operation, "arguments": arguments or {"city": "Ulm"}}
    answer = http.post(f"/actions/{action['id']}/call", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_key_may_be_in_a_header_or_the_query(http, api):
    auth = {"type": "api_key", "in": "header", "name": "X-Key", "secret": SECRET}
    document = weather(api.url)
    document["paths"]["/cities/{city}"]["parameters"].append(
        {"name": "x-key", "in": "header", "required": True, "schema": {"type": "string"}}
    )
    action = made(http, name="in-header", document=document, auth=auth)
    assert tried(http, action)["status"] == 200
    assert api.asked[0].headers["x-key"] == SECRET
    in_query = {"type": "api_key", "in": "query", "name": "key", "secret": "a&b"}
    action = made(http, name="in-query", document=weather(api.url), auth=in_query)
    assert tried(http, action)["status"] == 200
    assert api.asked[1].target == "/cities/Ulm?key=a%26b"


@pytest.mark.parametrize("exchange", ["post", "basic"])
def test_a_token_is_fetched_with_client_credentials_and_used_again(http, api, exchange):
    api.open_paths.add("/token")
    tokens = [{"access_token": "one", "expires_in": 3600}, {"access_token": "two"}]
    api.replies["/token"] = [Reply.json(token) for token in tokens]
    api.authorization = "Bearer one"
    auth = {
        "type": "oauth",
        "token_url": f"{api.url}/token",
        "client_id": "me",
        "scope": "read write",
        "exchange": exchange,
        "secret": SECRET,
    }
    action = made(http, name="weather", document=weather(api.url), auth=auth)
    assert [tried(http, action)["status"] for _ in range(2)] == [200, 200]
    assert [asked.target for asked in api.asked] == ["/token", "/cities/Ulm", "/cities/Ulm"]
    form = api.asked[0].body.decode()
    assert form.startswith("grant_type=client_credentials&scope=read+write")
    assert (SECRET in form) == (exchange == "post")
    # One that is refused is replaced once.
    api.authorization = "Bearer two"
    assert tried(http, action)["status"] == 200


def test_a_secret_stays_with_the_server_that_it_was_entered_for(http, api):
    action = made(http, name="weather", document=weather(api.url), auth=bearer())
    path = f"/actions/{action['id']}"
    other = {"server": f"http://{api.host.replace('127.0.0.1', 'localhost')}"}
    refused = http.post(path, json={"server": "https://elsewhere.example.com"})
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "auth.secret"
    assert http.post(path, json=other).status_code == 400
    moved = http.post(path, json={"server": "https://elsewhere.example.com", "auth": bearer("x")})
    assert moved.status_code == 200
    kept = http.post(path, json={"auth": {"type": "api_key", "in": "basic"}})
    assert kept.json()["auth"]["has_secret"] is True


def test_a_real_document_in_json(http, run, api, upstream):
    """Meilisearch: a relative server, arrays in the query, a deep body, a bearer token."""
    everything = http.post(
        "/actions", json={"name": "search", "document": meilisearch(), "server": api.url}
    )
    assert everything.status_code == 200, everything.text
    action = everything.json()
    operations = http.get(f"/actions/{action['id']}/operations").json()["data"]
    assert len(operations) == 113
    assert {one["problem"] for one in operations} == {None}
    chosen = ["search_with_post", "get_documents", "delete_index"]
    names = [one["name"] for one in operations]
    assert set(chosen) - set(names) == set(), names
    path = f"/actions/{action['id']}"
    wanted = {"operations": chosen, "auth": bearer(), "ask": "never"}
    action = http.post(path, json=wanted).json()
    api.authorization = f"Bearer {SECRET}"
    arguments = {"indexUid": "films", "body": {"q": "별", "limit": 3, "facets": ["year"]}}
    calls = [
        call("search__search_with_post", **arguments),
        call("search__get_documents", "call_2", indexUid="films", fields=["id", "title"], limit=2),
    ]
    upstream.reply(ModelReply.function_calls(*calls), ModelReply.text("Done."))
    assert run(action).status == "completed"
    asked = {one.target: one for one in api.asked}
    assert asked["/indexes/films/search"].json == arguments["body"]
    assert any(target.startswith("/indexes/films/documents?") for target in asked)


def test_a_real_document_with_forms(http, api):
    """Twilio Verify: fetched by its URL, forms, basic authentication, servers at every path."""
    text = json.dumps(twilio_verify()).encode()
    api.replies["/twilio.json"] = Reply(200, text)
    auth = {"type": "api_key", "in": "basic", "secret": "AC1:token"}
    action = made(
        http,
        name="verify",
        document_url=f"{api.url}/twilio.json",
        server=api.url,
        operations=["CreateVerification", "ListBucket"],
        auth=auth,
    )
    assert action["title"] == "Twilio - Verify"
    api.authorization = f"Basic {base64.b64encode(b'AC1:token').decode()}"
    service = "VA" + "0" * 32
    body = {"To": "+82 10-0000", "Channel": "sms", "Tags": '{"a":1}'}
    answer = tried(http, action, "CreateVerification", {"ServiceSid": service, "body": body})
    assert answer["status"] == 200
    asked = api.asked[-1]
    assert asked.target == f"/v2/Services/{service}/Verifications"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.body == b"To=%2B82+10-0000&Channel=sms&Tags=%7B%22a%22%3A1%7D"


def test_actions_are_listed_in_pages_and_deleted(http, api):
    ids = [made(http, name=name, document=weather(api.url))["id"] for name in ("a", "b", "c")]
    first = http.get("/actions", params={"limit": 2}).json()
    assert [one["id"] for one in first["data"]] == ids[:0:-1]
    assert first["has_more"] is True
    after = {"after": first["last_id"]}
    assert [one["id"] for one in http.get("/actions", params=after).json()["data"]] == ids[:1]
    path = f"/actions/{ids[0]}"
    assert http.delete(path).json() == {
        "id": ids[0],
        "object": "action.deleted",
        "deleted": True,
    }
    assert http.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({"name": "a b", "document": {}}, "name", "Invalid"),
        ({"name": "x"}, "document", "Give a"),
        ({"name": "x", "document": {"swagger": "2.0"}}, "document", "Swagger 2.0"),
        ({"name": "x", "document": "openapi: 3.1.0\npaths: ["}, "document", "not YAML"),
        ({"name": "x", "document": weather(""), "server": None}, "server", "names no server"),
        ({"name": "x", "document": weather("http://10.0.0.1")}, "server", "only https://"),
        ({"name": "x", "document": weather(), "operations": ["no"]}, "operations", "getForecast"),
        (
            {"name": "x", "document": weather(), "auth": {"type": "api_key", "in": "bearer"}},
            "auth.secret",
            "needs a secret",
        ),
        (
            {"name": "x", "document": weather(), "auth": {"type": "api_key", "in": "header"}},
            "auth",
            "needs a name",
        ),
        ({"name": "x", "document_url": "https://127.0.0.1/a.json"}, "document_url", "not public"),
        ({"name": "x", "document_url": "file:///etc/passwd"}, "document_url", "not an https"),
    ],
)
def test_what_can_not_be_used_is_refused(http, body, param, words):
    answer = http.post("/actions", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, param), error
    assert words in error["message"]


def test_a_name_is_used_once(http, api):
    made(http, name="weather", document=weather(api.url))
    again = http.post("/actions", json={"name": "weather", "document": weather(api.url)})
    assert again.json()["error"]["param"] == "name"


def test_a_change_overwrites_no_other_of_the_same_moment(http, api, database_url):
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite has one writer")
    path = f"/actions/{made(http, name='weather', document=weather(api.url))['id']}"
    with ThreadPoolExecutor(1) as pool:
        with connected(database_url) as first:
            row = actions.retrieve(first, DEFAULT_PROJECT, path.rpartition("/")[2])
            actions.rewrite(first, replace(row, ask="always"))
            second = pool.submit(http.post, path, json={"metadata": {"a": "b"}})
            wait_until(lambda: waits_for_a_lock(database_url))
        assert "changed by another request" in error_of(second.result(30), 400)["message"]
    assert http.get(path).json()["ask"] == "always"


def waits_for_a_lock(database_url):
    of_ours = "datname = current_database() AND wait_event_type = 'Lock'"
    with connected(database_url) as connection:
        found = text(f"SELECT count(*) FROM pg_stat_activity WHERE {of_ours}")
        return connection.execute(found).scalar()


def test_an_action_in_use_is_not_deleted_nor_renamed(http, api):
    action = made(http, name="weather", document=weather(api.url))
    path = f"/actions/{action['id']}"
    tools = tools_of(http, action)
    published = http.post(
        "/assistants", json={"model": "m", "name": "Baker", "tools": tools}
    ).json()
    drafted = http.post("/assistants", json={"model": "m"}).json()
    draft = f"/assistants/{drafted['id']}/draft"
    http.put(draft, json={"model": "m", "tools": tools}).raise_for_status()
    # Another action's functions, and a client's.
    others = [
        {"type": "function", "function": {"name": name}} for name in ("weather", "weatherX__y")
    ]
    http.post("/assistants", json={"model": "m", "tools": others}).raise_for_status()
    for refused in (http.delete(path), http.post(path, json={"name": "climate"})):
        error = error_of(refused)
        assert error["code"] == "action_in_use"
        assert f"in use by 'Baker' ({published['id']}), {drafted['id']}. Remove" in error["message"]
    assert http.post(path, json={"name": "weather", "ask": "never"}).is_success
    http.post(f"/assistants/{published['id']}", json={"tools": []}).raise_for_status()
    http.delete(draft).raise_for_status()
    assert http.delete(path).is_success
