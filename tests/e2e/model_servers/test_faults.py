"""What goes wrong with a model server: whoever waits hears of it, and the next call is served."""

import httpx
import pytest

from tests.support.model_server_commands import BOUND
from tests.support.stream_reader import streaming
from tests.support.talk import ended, error_of
from tests.support.terminal import examine
from tests.support.waiting import WAIT_SECONDS, wait_until

# More tokens than the model gives within any test: only an end from outside ends the answer.
ENDLESS = 7000
WRONG_KEY = "sk-this-one-is-wrong"


def run_body(**more) -> dict:
    thread = {"messages": [{"role": "user", "content": "말해 줘"}]}
    return {"assistant_id": "asst_default", "thread": thread, **more}


def run_path(event) -> str:
    return f"/threads/{event.data['thread_id']}/runs/{event.data['id']}"


def readiness(server) -> dict:
    return httpx.get(f"{server.base_url}/api/v1/ready", timeout=60).json()


def examined(settings: dict) -> dict:
    return examine(**{name.upper(): value for name, value in settings.items()})


def test_ready_and_the_doctor_find_it_well(target, begin):
    settings = target.settings()
    ready = readiness(begin(**settings))
    api = "responses" if target.api == "auto" else target.api
    assert (ready["upstream"], ready["apis"]) == ("ok", {"custom": api})
    checks = examined(settings)
    assert checks["upstream"]["level"] == "ok", checks["upstream"]
    assert "model" not in checks, "the server lists the model"


def test_a_cancelled_answer_frees_the_slot(target, begin, slots):
    # Llama Stack, when short of processor time, leaves the model's answer running until its garbage
    # collector closes the connection. A bare socket in our place sees the same.
    stops = target.name != "llama-stack"
    http = begin(**target.settings(BOUND)).http
    body = run_body(stream=True, max_completion_tokens=ENDLESS if stops else 800)
    with streaming(http, "/threads/runs", body) as reader:
        path = run_path(reader.until("thread.run.created"))
        reader.until("thread.message.delta")
        assert not slots(BOUND).are_free()
        assert http.post(f"{path}/cancel").status_code == 200
        assert reader.rest()[-1].name == "done"
    assert ended(http, path)["status"] == "cancelled"
    wait_until(slots(BOUND).are_free, seconds=WAIT_SECONDS if stops else 600)
    if stops:  # long before it has said all that it was asked for
        assert slots(BOUND).last()["n_prompt_tokens"] < ENDLESS / 2
    assert http.post("/chat", json={"message": "그만"}, timeout=120).status_code == 200


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("llama-server", "refused the API key"),
        ("llama-server by chat_completions", "refused the API key"),
        # It looks the key up in a database, and has none.
        ("litellm", "HTTP 400: No connected db."),
        ("litellm by chat_completions", "HTTP 400: No connected db."),
    ],
    indirect=["target"],
)
def test_a_wrong_key(target, begin, reason):
    settings = target.settings() | {"openai_api_key": WRONG_KEY}
    server = begin(**settings)
    error = error_of(server.http.post("/chat", json={"message": "x"}, timeout=60), 502)
    assert reason in error["message"]
    assert WRONG_KEY not in error["message"]
    with streaming(server.http, "/threads/runs", run_body(stream=True)) as reader:
        run = reader.until("thread.run.failed").data
    assert reason in run["last_error"]["message"]
    if target.name == "llama-server":
        assert readiness(server)["upstream"] == "refused"
        assert examined(settings)["upstream"]["level"] == "failure"


@pytest.mark.parametrize(
    "target",
    ["litellm", "litellm by chat_completions", "llama-stack", "llama-stack by chat_completions"],
    indirect=True,
)
def test_an_unknown_model(target, begin):
    settings = target.settings() | {"openai_model": "no-such-model"}
    http = begin(**settings).http
    with streaming(http, "/threads/runs", run_body(stream=True)) as reader:
        streamed = reader.until("thread.run.failed").data
    created = http.post("/threads/runs", json=run_body()).json()
    plain = ended(http, f"/threads/{created['thread_id']}/runs/{created['id']}")
    for run in (streamed, plain):
        assert run["status"] == "failed"
        assert "no-such-model" in run["last_error"]["message"]
    assert examined(settings)["model"]["level"] == "warning"


@pytest.mark.parametrize(
    "target", ["llama-server", "llama-server by chat_completions"], indirect=True
)
def test_llama_server_answers_for_any_model(target, begin):
    http = begin(**target.settings() | {"openai_model": "no-such-model"}).http
    assert http.post("/chat", json={"message": "x"}, timeout=120).status_code == 200


def test_killed_in_mid_answer_and_started_again(target, begin, servers):
    """The one that answers is killed, behind the proxies too, which have to tell us."""
    http = begin(**target.settings(BOUND)).http
    body = run_body(stream=True, max_completion_tokens=ENDLESS)
    with streaming(http, "/threads/runs", body) as reader:
        path = run_path(reader.until("thread.run.created"))
        reader.until("thread.message.delta")
        servers.kill(BOUND)
        assert [event.name for event in reader.rest()][-2:] == ["thread.run.failed", "done"]
    run = ended(http, path)
    assert (run["status"], run["last_error"]["code"]) == ("failed", "server_error")
    assert run["last_error"]["message"]
    thread_id = run["thread_id"]
    servers.url(BOUND)
    body = {"message": "다시", "thread_id": thread_id}
    assert http.post("/chat", json=body, timeout=120).status_code == 200
