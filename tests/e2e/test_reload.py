"""SIGHUP to a real process: keys, origins, limits, assistants and functions, without a restart."""

import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.callers import CallAs, callers
from tests.support.fake_upstream import FakeUpstream
from tests.support.function_calls import call
from tests.support.heirs import environment
from tests.support.replies import Reply
from tests.support.server import ProcessServer, forked_server, process_server
from tests.support.stream_reader import streaming
from tests.support.talk import error_of
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")

OLD, NEW = "key-of-the-shop-old-1234", "key-of-the-shop-new-5678"
ORIGIN = "https://shop.example"
ASSISTANTS = """
assistants:
  - id: asst_one
    name: {name}
    instructions: {instructions}
    tools: [{function}]
"""
FUNCTION = '''
def {name}() -> str:
    """Return where it was."""
    return "{answer}"
'''


class Site:
    """A folder with all that is reloaded, and the server that runs in it."""

    server: ProcessServer
    call_as: CallAs

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "functions").mkdir()
        self.env(f'API_KEYS=["shop:{OLD}"]')
        self.function("place", "the old place")
        self.assistants("One", "Answer as the old one.", "place")

    def with_key(self, key: str) -> httpx.Client:
        return self.call_as(self.server, key).http

    def env(self, *lines: str) -> None:
        (self.folder / ".env").write_text("\n".join(lines), "utf-8")

    def function(self, name: str, answer: str) -> None:
        content = FUNCTION.format(name=name, answer=answer)
        (self.folder / "functions/own.py").write_text(content, "utf-8")

    def assistants(self, name: str, instructions: str, function: str) -> None:
        content = ASSISTANTS.format(name=name, instructions=instructions, function=function)
        (self.folder / "assistants.yaml").write_text(content, "utf-8")

    def reload(self, expected: str = "INFO reloaded") -> str:
        """Ask for a reload, and return the log from there until it says how that went."""
        before = len(self.server.log)
        os.kill(self.server.pid, signal.SIGHUP)
        wait_until(lambda: expected in self.server.log[before:])
        return self.server.log[before:]


@pytest.fixture
def site(tmp_path, database_url, upstream):
    """A served site, and a way to call it with a key."""
    made = Site(tmp_path)
    settings = environment(database_url, upstream, ASSISTANTS_FILE="assistants.yaml")
    with forked_server(tmp_path, **settings) as server, callers() as call_as:
        made.server, made.call_as = server, call_as
        yield made


def test_keys_origins_and_limits_change_while_a_stream_is_open(site, upstream):
    upstream.reply(Reply.text("Half", " an", " answer").stalled(after=6))
    with streaming(site.with_key(OLD), "/chat", {"message": "hello"}) as reader:
        reader.until("delta")
        page = {"origin": ORIGIN}
        before = site.with_key(OLD).get("/threads", headers=page)
        assert "access-control-allow-origin" not in before.headers
        site.env(
            f'API_KEYS=["shop:{NEW}"]',
            f'CORS_ORIGINS=["{ORIGIN}"]',
            "RATE_LIMIT=3/hour",
            "MAX_ROUNDS=7",
            "API_KEY=a-secret-of-a-slip",
        )
        log = site.reload("did you mean API_KEYS")
        assert "changed=CORS_ORIGINS,API_KEYS,RATE_LIMIT" in log
        assert "after a restart: MAX_ROUNDS" in log
        for secret in (NEW, OLD, "a-secret-of-a-slip", ORIGIN):
            assert secret not in log
        assert error_of(site.with_key(OLD).get("/threads"), 401)["code"] == "invalid_api_key"
        answer = site.with_key(NEW).get("/threads", headers=page)
        assert (answer.status_code, answer.headers["x-ratelimit-limit-requests"]) == (200, "3")
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        upstream.release()
        assert reader.rest()[-1].data["message"] == "Half an answer"
    # What was made before is there for the new key of the same project.
    assert len(answer.json()["data"]) == 1


def test_assistants_and_functions_change_and_a_run_under_way_keeps_its_own(site, upstream):
    shop = site.with_key(OLD)
    upstream.reply(Reply.function_calls(call("place")).stalled(after=2), Reply.text("Found."))
    with streaming(shop, "/chat", {"message": "where?", "assistant_id": "asst_one"}) as reader:
        assert upstream.wait_stalled()
        site.function("new_place", "the new place")
        site.assistants("Two", "Answer as the new one.", "new_place")
        log = site.reload()
        assert "assistants=1" in log and "functions=1" in log
        upstream.release()
        assert reader.rest()[-1].data["message"] == "Found."
    outputs = [item["output"] for item in upstream.requests[1].body["input"] if "output" in item]
    assert outputs == ["the old place"]
    assert shop.get("/assistants/asst_one").json()["name"] == "Two"
    upstream.reply(Reply.function_calls(call("new_place", "call_2")), Reply.text("There."))
    reply = shop.post("/chat", json={"message": "where now?", "assistant_id": "asst_one"})
    assert reply.json()["message"] == "There."
    last = upstream.requests[-1].body
    assert last["instructions"] == "Answer as the new one."
    assert [item["output"] for item in last["input"] if "output" in item] == ["the new place"]


def providers(site: Site, upstream: FakeUpstream, model: str, key: str = "NEW_KEY") -> None:
    content = (
        f"providers:\n  - name: mine\n    base_url: {upstream.base_url}\n    api_key_env: {key}\n"
        f"    api: responses\n    aliases: {{small: {model}}}\n"
    )
    (site.folder / "providers.yaml").write_text(content, "utf-8")


def test_providers_and_their_keys_change_and_a_run_under_way_keeps_its_own(site, upstream):
    shop = site.with_key(OLD)
    made = shop.post("/assistants", json={"model": "small"}).json()["id"]
    upstream.reply(Reply.text("Half", " an", " answer").stalled(after=6))
    with streaming(shop, "/chat", {"message": "hello", "assistant_id": made}) as reader:
        reader.until("delta")
        providers(site, upstream, "small-2")
        site.env(f'API_KEYS=["shop:{OLD}"]', "NEW_KEY=sk-of-the-new-one")
        log = site.reload()
        assert "upstreams=1" in log
        assert "sk-of-the-new-one" not in log and "no setting NEW_KEY" not in log
        reply = shop.post("/chat", json={"message": "hi", "assistant_id": made})
        assert reply.is_success
        last = upstream.requests[-1]
        assert (last.body["model"], last.headers["authorization"]) == (
            "small-2",
            "Bearer sk-of-the-new-one",
        )
        upstream.release()
        assert reader.rest()[-1].data["message"] == "Half an answer"
    assert {one["id"] for one in shop.get("/models").json()["data"]} >= {"small"}
    # A fault changes nothing.
    providers(site, upstream, "small-3", key="NOT_SET")
    log = site.reload("reload failed")
    assert "providers.yaml, line 4: providers[0].api_key_env: the variable NOT_SET" in log
    assert shop.post("/chat", json={"message": "hi", "assistant_id": made}).is_success
    assert upstream.requests[-1].body["model"] == "small-2"
    # Without the file, the settings hold again.
    (site.folder / "providers.yaml").unlink()
    site.reload()
    assert shop.post("/chat", json={"message": "hi", "assistant_id": made}).is_success
    assert upstream.requests[-1].body["model"] == "small"


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("assistants.yaml", "assistants:\n  - id: asst_one\n   name: [", "assistants.yaml, line 3"),
        ("assistants.yaml", "assistants:\n  - id: asst_one\n    tools: [none]", "there is no tool"),
        ("functions/own.py", "def place(:\n", "SyntaxError"),
        ("functions/own.py", "import sys\nsys.exit(3)\n", "SystemExit"),
        (".env", f'API_KEYS=["shop:{NEW}"]\nRATE_LIMIT=many', "RATE_LIMIT: must be a rate such as"),
        (".env", "API_KEYS=[]\nROOT_PATH=/x", "no key is set"),
        (".env", f'API_KEYS=["shop:{NEW}"\n', "API_KEYS: must be"),
    ],
)
def test_a_fault_leaves_all_as_it_was(site, upstream, file, content, reason):
    # Everything else has changed, and would be fine.
    site.env(f'API_KEYS=["shop:{NEW}"]')
    site.function("place", "the new place")
    site.assistants("Two", "Answer as the new one.", "place")
    (site.folder / file).write_text(content, "utf-8")
    log = site.reload("reload failed")
    assert "nothing has changed" in log and reason in log and NEW not in log
    shop = site.with_key(OLD)
    assert shop.get("/assistants/asst_one").json()["name"] == "One"
    assert site.with_key(NEW).get("/threads").status_code == 401
    upstream.reply(Reply.function_calls(call("place")), Reply.text("There."))
    assert shop.post("/chat", json={"message": "x", "assistant_id": "asst_one"}).is_success
    last = upstream.requests[-1].body
    assert last["instructions"] == "Answer as the old one."
    assert [item["output"] for item in last["input"] if "output" in item] == ["the old place"]
    # Once it is right, it is taken.
    site.env(f'API_KEYS=["shop:{NEW}"]')
    site.function("place", "the new place")
    site.assistants("Two", "Answer as the new one.", "place")
    site.reload()
    assert site.with_key(NEW).get("/assistants/asst_one").json()["name"] == "Two"


def test_what_the_environment_says_stays(tmp_path, database_url, upstream):
    made = Site(tmp_path)
    settings = environment(database_url, upstream, RATE_LIMIT="7/hour", ASSISTANTS_FILE="")
    with process_server(tmp_path, **settings) as server, callers() as call_as:
        made.server = server
        made.env(f'API_KEYS=["shop:{OLD}"]', "RATE_LIMIT=3/hour")
        assert "the environment overrides .env" in made.reload("only a restart can change it")
        answer = call_as(server, OLD).http.get("/threads")
        assert answer.headers["x-ratelimit-limit-requests"] == "7"
