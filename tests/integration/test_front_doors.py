"""The paths of Azure's clients lead to the same routes, with the same access, limits and errors."""

import base64
import re

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from app.api.address import FRONT_DOORS, enter
from app.application import create_app
from app.core.config import Settings
from tests.support.pages import client_of
from tests.support.stream_reader import events_of
from tests.support.talk import error_of

KEY = "key-of-the-shop-0123456789"
DOORS = ["/openai", "/openai/v1", "/api/projects/signs", "/api/projects/간판 1"]
EXAMPLES = ("/openai/threads", "/openai/v1/threads", "/api/projects/signs/threads")


@pytest.fixture(params=DOORS)
def door(request):
    return request.param


@pytest.fixture
def at(server, door):
    """A client whose paths begin behind the door."""
    with httpx.Client(base_url=server.base_url + door, params={"api-version": "v1"}) as client:
        yield client


@pytest.fixture(scope="module")
def keyed(start_shared):
    return start_shared(api_keys=[f"shop:{KEY}"], rate_limit="1000/minute")


@pytest.fixture
def at_keyed(keyed):
    with httpx.Client(base_url=keyed.base_url) as client:
        yield client


def basic(pair: bytes) -> str:
    return f"Basic {base64.b64encode(pair).decode()}"


def test_objects_are_the_same(at, http):
    made = at.post("/threads", json={"metadata": {"a": "b"}}).json()
    assert http.get(f"/threads/{made['id']}").json() == made
    assert at.get(f"/threads/{made['id']}").json() == made
    listed = at.get("/threads", params={"metadata[a]": "b", "limit": 1}).json()
    assert listed["data"][0]["id"] == made["id"]


def test_a_run_is_streamed(at, client, upstream):
    assistant = client.beta.assistants.create(model="m", instructions="Be brief.")
    body = {
        "assistant_id": assistant.id,
        "thread": {"messages": [{"role": "user", "content": "hello"}]},
        "stream": True,
    }
    events = events_of(at, "/threads/runs", body)
    assert events[0].name == "thread.created"
    assert [event.name for event in events[-2:]] == ["thread.run.completed", "done"]


def test_a_file_comes_back(at, http):
    sent = {"file": ("notes.txt", b"apples"), "purpose": (None, "assistants")}
    made = at.post("/files", files=sent).json()
    assert at.get(f"/files/{made['id']}/content").content == b"apples"
    assert http.delete(f"/files/{made['id']}").json()["deleted"]


def test_errors_are_the_same(at):
    error = error_of(at.get("/threads/thread_nope"), 404)
    assert error["message"] == "No thread found with id 'thread_nope'."
    error_of(at.get("/nowhere"), 404)
    assert error_of(at.get("/threads", params={"limit": 0}), 400)["param"] == "limit"
    answer = at.put("/threads")
    error_of(answer, 405)
    assert answer.headers["allow"] == "GET, POST, DELETE"
    assert error_of(at.post("/chat/completions", json={}), 404)["code"] == "not_served"


def test_doors_need_the_key_too(at_keyed, door):
    error_of(at_keyed.get(f"{door}/threads"), 401)
    error_of(at_keyed.get(f"{door}/threads", headers={"api-key": "wrong"}), 401)
    assert at_keyed.get(f"{door}/threads", headers={"api-key": KEY}).is_success


def test_requests_are_counted_together(at_keyed, door):
    left = [
        int(at_keyed.get(path, headers={"api-key": KEY}).headers["x-ratelimit-remaining-requests"])
        for path in ("/api/v1/threads", f"{door}/threads", "/api/v1/threads")
    ]
    assert left == sorted(left, reverse=True)
    assert left[0] - left[2] == 2


def test_metrics_name_the_route(server, at):
    at.get("/threads/thread_nope")
    text = httpx.get(f"{server.base_url}/metrics").text
    assert 'route="/api/v1/threads/{thread_id}"' in text
    assert "openai/" not in text


@pytest.mark.parametrize(
    "path",
    [
        "/openai",
        "/openai/",
        "/openaiv1/threads",
        "/api/projects/threads",
        "/api/projects//threads",
        "/api/threads",
        "/x/openai/threads",
        "/openai/metrics",
        "/openai/v1/v1/threads",
        "/openai/openai/threads",
        "/api/projects/a/b/threads",
        "/openai/static/docs/start.js",
    ],
)
def test_nothing_else_leads_anywhere(server, path):
    error_of(httpx.get(server.base_url + path), 404)


def test_doors_hide_no_path_of_the_server():
    app = create_app(Settings(_env_file=None))
    paths = [context.path for context in iter_route_contexts(app.routes) if context.path]
    assert "/openapi.json" in paths and "/api/v1/threads" in paths
    for path in paths:
        assert not any(re.match(door, f"{path}/") for door in FRONT_DOORS)
    assert all(path.startswith(("/api/v1/", "/metrics", "/")) for path in app.openapi()["paths"])
    documented = app.openapi()["paths"]
    assert not [path for path in documented if "openai/" in path or "/api/projects" in path]
    for path in documented:
        scope = {"type": "http", "path": path, "root_path": ""}
        enter(scope)
        assert scope["path"] == path, "no door leads to it, and none is in its way"


@pytest.mark.parametrize("left", ["/openai-api", ""])
@pytest.mark.parametrize("path", EXAMPLES)
async def test_doors_behind_a_prefix(left, path):
    app = create_app(Settings(_env_file=None, root_path="/openai-api", api_keys=[f"shop:{KEY}"]))
    seen = []

    async def note(scope, receive, send):
        await app(scope, receive, send)
        seen.append((scope["root_path"], scope["path"]))

    # A method without a route: the application is not started.
    answer = await client_of(note).put(left + path)
    error_of(answer, 405)
    assert seen == [("/openai-api", "/openai-api/api/v1/threads")]


@pytest.mark.parametrize(
    "headers",
    [
        {"api-key": KEY},
        {"authorization": basic(f":{KEY}".encode())},
        {"authorization": basic(f"anyone:{KEY}".encode()).replace("Basic", "basic")},
        # Bearer is first; what a proxy's Basic has is last.
        {"authorization": f"Bearer {KEY}", "api-key": "wrong"},
        {"authorization": basic(b"proxy:password"), "api-key": KEY},
        {"authorization": "Bearer", "api-key": KEY},
    ],
)
def test_places_of_a_key(at_keyed, headers):
    assert at_keyed.get("/api/v1/threads", headers=headers).is_success


@pytest.mark.parametrize(
    "headers",
    [
        {"api-key": ""},
        {"authorization": basic(KEY.encode())},
        {"authorization": basic(f"{KEY}:".encode())},
        {"authorization": f"Basic :{KEY}"},
        {"authorization": "Basic"},
        {"authorization": basic(b":\xff\xfe")},
        # A browser repeats a password by itself, also for pages of other sites.
        {"authorization": basic(f":{KEY}".encode()), "origin": "https://evil.example"},
        {"authorization": basic(f":{KEY}".encode()), "sec-fetch-site": "cross-site"},
    ],
)
def test_what_is_no_key(at_keyed, headers):
    error = error_of(at_keyed.get("/api/v1/threads", headers=headers), 401)
    assert error["message"].startswith("You didn't provide an API key.")


@pytest.mark.parametrize(
    "headers",
    [
        {"api-key": "wrong-key-0123456789-abcdef"},
        {"authorization": basic(b":wrong-key-0123456789-abcdef")},
    ],
)
def test_a_wrong_key_is_masked_wherever_it_was(at_keyed, headers, caplog):
    answer = at_keyed.get("/openai/threads", headers=headers)
    assert "********cdef" in error_of(answer, 401)["message"]
    assert "0123456789" not in caplog.text + answer.text
