"""`/models`: what clients ask to test a key, or to offer a choice."""

from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.provider_files import provider, providers_file
from tests.support.talk import error_of
from tests.support.waiting import wait_until

ASSISTANTS = """\
assistants:
  - id: asst_one
    model: meta-llama/Llama-3.1-8B
  - id: asst_two
    model: 우리-모델
  - id: asst_three
"""
KEY = "sk-of-the-shop"


@pytest.fixture
def server(start, tmp_path):
    file = tmp_path / "assistants.yaml"
    file.write_text(ASSISTANTS, "utf-8")
    return start(
        openai_model="gpt-5.4-mini",
        model_aliases={"gpt-4o": "gpt-5.4-mini", "gpt-5.4-mini": "other"},
        assistants_file=str(file),
    )


def test_every_configured_name_is_listed_once(server):
    page = server.http.get("/models").json()
    assert page["object"] == "list"
    names = [model["id"] for model in page["data"]]
    assert names == ["gpt-5.4-mini", "meta-llama/Llama-3.1-8B", "우리-모델", "gpt-4o"]
    for model in page["data"]:
        assert list(model) == ["id", "object", "created", "owned_by", "shutdown_date"]
        assert model["object"] == "model"
        assert server.http.get(f"/models/{model['id']}").json() == model


def test_the_sdk_reads_them(server):
    for model in server.client.models.list():
        assert server.client.models.retrieve(model.id) == model


@pytest.mark.parametrize("name", ["gpt-9", "meta-llama/nothing", "없는 모델"])
def test_an_unknown_model(server, name):
    assert error_of(server.http.get(f"/models/{name}"), 404) == {
        "message": f"The model '{name}' does not exist",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }


@pytest.fixture
def offers(upstream) -> Iterator[None]:
    """The upstream lists these models."""

    async def listed(_request: Request) -> JSONResponse:
        names = ["gpt-6-luna", "gpt-6-sol", "whisper-1", "fixed"]
        return JSONResponse({"object": "list", "data": [{"id": name} for name in names] + [None]})

    routes = upstream.app.router.routes
    routes.insert(0, Route("/v1/models", endpoint=listed))
    yield
    del routes[0]


def test_what_a_provider_offers_is_listed_if_a_pattern_matches(start, upstream, offers, tmp_path):
    file = providers_file(
        tmp_path,
        provider("first", upstream.base_url, models=["fixed"]),
        provider("second", upstream.base_url, models=["gpt-*"], aliases={"old": "gpt-6-sol"}),
    )
    http = start(providers_file=file, openai_model="fixed").http

    def names() -> list[str]:
        return [one["id"] for one in http.get("/models").json()["data"]]

    wait_until(lambda: len(names()) == 4)
    assert names() == ["fixed", "old", "gpt-6-luna", "gpt-6-sol"]
    owners = {one["id"]: one["owned_by"] for one in http.get("/models").json()["data"]}
    assert owners["fixed"] == "first" and owners["gpt-6-luna"] == owners["old"] == "second"
    # It may be asked for, listed or not.
    assert http.get("/models/gpt-7").json()["owned_by"] == "second"
    error_of(http.get("/models/whisper-1"), 404)


def test_they_are_for_those_with_a_key(start, call_as):
    server = start(api_keys=[f"shop:{KEY}"])
    for path in ("/models", "/models/gpt-5.4-mini"):
        error_of(server.http.get(path), 401)
        error_of(server.http.get(path, headers={"authorization": "Bearer wrong"}), 401)
        assert call_as(server, KEY).http.get(path).status_code == 200
