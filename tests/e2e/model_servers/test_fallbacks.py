"""Two real servers in one file: the second one answers if the first was killed."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.model_server_commands import BOUND, EMBEDDER, EMBEDDING_MODEL, FREE, KEY, PHRASE
from tests.support.provider_files import provider, providers_file
from tests.support.stream_reader import streaming
from tests.support.terminal import run

VARIABLE = "MODEL_SERVER_KEY"
# Seconds; a model server may be busy with other tests.
PATIENCE = 300


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


def entry(servers: Any, server: str, name: str, **fields: Any) -> dict[str, Any]:
    url = f"{servers.url(server)}/v1"
    return provider(name, url, api_key_env=VARIABLE, timeout=PATIENCE, **fields)


def answer(http: Any, message: str = "hi") -> str:
    response = http.post("/chat", json={"message": message}, timeout=PATIENCE)
    assert response.status_code == 200, response.text
    text: str = response.json()["message"]
    return text


def who(http: Any) -> dict[str, int]:
    """Return how many runs each provider has answered."""
    counts: dict[str, int] = {}
    for one in http.get("/usage").json()["data"]:
        counts[one["answered_by"]] = counts.get(one["answered_by"], 0) + one["runs"]
    return counts


def is_the_phrase(text: str) -> bool:
    said = text.rstrip("\ufffd")
    return len(said) > 4 and (PHRASE * len(said)).startswith(said)


APIS = ("responses", "chat_completions")


@pytest.mark.parametrize(("first", "second"), [APIS, APIS[::-1], ("auto", "auto")])
def test_one_llama_server_takes_over_from_another_that_is_killed(
    servers, begin, tmp_path, first, second
):
    file = providers_file(
        tmp_path,
        entry(servers, FREE, "first", models=["m"], fallbacks=["second"], api=first),
        entry(servers, BOUND, "second", api=second),
    )
    http = begin(providers_file=file, openai_model="m").http
    assert not is_the_phrase(answer(http))
    servers.kill(FREE)
    assert is_the_phrase(answer(http))
    with streaming(http, "/chat", {"message": "hi"}) as reader:
        assert is_the_phrase(reader.until("message").data["message"])
    assert who(http) == {"first": 1, "second": 2}


def test_a_server_that_is_killed_behind_a_gateway_is_replaced_too(servers, begin, tmp_path):
    """And a model that the gateway does not have."""
    servers.url(FREE)
    file = providers_file(
        tmp_path,
        entry(
            servers,
            "litellm",
            "gateway",
            models=[FREE, "none"],
            fallbacks=[{"provider": "second", "model": "m"}],
        ),
        entry(servers, BOUND, "second"),
    )
    http = begin(providers_file=file, openai_model="none").http
    assert is_the_phrase(answer(http))
    http = begin(providers_file=file, openai_model=FREE).http
    assert not is_the_phrase(answer(http))
    servers.kill(FREE)
    assert is_the_phrase(answer(http))
    assert who(http) == {"gateway": 1, "second": 2}


def test_the_doctor_asks_each_of_them(servers, tmp_path):
    providers_file(
        tmp_path, entry(servers, FREE, "first", models=["smol"]), entry(servers, BOUND, "second")
    )
    assert Path("providers.yaml").is_file()
    found = run("doctor", "--json", OPENAI_MODEL="smol", PORT="0", PROVIDERS_FILE="providers.yaml")
    assert found.exit_code == 0, found.stdout
    for said in ("2 provider(s) in providers.yaml", "first (http", "second (http"):
        assert said in found.stdout
    assert KEY not in found.stdout
    servers.kill(BOUND)
    found = run("doctor", "--json", OPENAI_MODEL="smol", PORT="0", PROVIDERS_FILE="providers.yaml")
    assert found.exit_code == 1
    assert "base_url of second in providers.yaml" in found.stdout


def test_one_server_answers_and_another_embeds(servers, begin, tmp_path):
    file = providers_file(
        tmp_path,
        entry(servers, FREE, "chat", models=["m"]),
        entry(servers, EMBEDDER, "embedding", embedding_model=EMBEDDING_MODEL),
    )
    server = begin(providers_file=file, openai_model="m")
    client = server.client
    uploaded = client.files.create(
        file=("a.txt", "고양이는 하루에 열여섯 시간을 잔다.".encode()), purpose="assistants"
    )
    store = client.vector_stores.create()
    done = client.vector_stores.files.create_and_poll(uploaded.id, vector_store_id=store.id)
    assert done.status == "completed"
    found = client.vector_stores.search(store.id, query="How long do cats sleep?")
    assert found.data[0].filename == "a.txt"
    assert answer(server.http)
