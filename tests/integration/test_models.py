"""`/models`: what clients ask to test a key, or to offer a choice."""

import pytest

from tests.support.talk import error_of

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


def test_they_are_for_those_with_a_key(start, call_as):
    server = start(api_keys=[f"shop:{KEY}"])
    for path in ("/models", "/models/gpt-5.4-mini"):
        error_of(server.http.get(path), 401)
        error_of(server.http.get(path, headers={"authorization": "Bearer wrong"}), 401)
        assert call_as(server, KEY).http.get(path).status_code == 200
