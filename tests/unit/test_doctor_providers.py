"""The doctor and the file of providers."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.model_server import model_server
from tests.support.terminal import run

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(monkeypatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSISTANTS_FILE", raising=False)
    return tmp_path


def checks(language: str = "en", **settings: str) -> list[dict[str, Any]]:
    found = run("doctor", "--json", "--language", language, PORT="0", **settings)
    listed: list[dict[str, Any]] = json.loads(found.stdout)["checks"]
    return listed


def messages(name: str, found: list[dict[str, Any]]) -> list[tuple[str, str, str | None]]:
    return [(one["level"], one["message"], one["advice"]) for one in found if one["check"] == name]


def test_every_fault_of_the_file_has_its_line_in_both_languages():
    Path("providers.yaml").write_text(
        "providers:\n  - {name: a, api_key_env: A_KEY}\n  - {name: b, api: x}\n", "utf-8"
    )
    for language, advice in (
        ("en", "Fix the file, or leave PROVIDERS_FILE empty."),
        ("ko", "파일을 고치거나 PROVIDERS_FILE을 비워 주세요."),
    ):
        found = messages("providers", checks(language))
        assert [(level, said) for level, _, said in found] == [("failure", advice)] * 2
        lines = [message.partition(":")[0] for _, message, _ in found]
        assert lines == ["providers.yaml, line 2", "providers.yaml, line 3"]


def test_a_missing_file_that_was_asked_for_is_a_fault():
    ((level, message, _),) = messages("providers", checks(PROVIDERS_FILE="own.yaml"))
    assert (level, message) == ("failure", "PROVIDERS_FILE: there is no file own.yaml")


def test_each_provider_is_asked_and_its_models_are_looked_for():
    with model_server() as server:
        entries = [
            {"name": "good", "base_url": server.base_url, "api_key_env": "GOOD_KEY"},
            {"name": "gone", "base_url": "http://127.0.0.1:1/v1"},
        ]
        Path("providers.yaml").write_text(json.dumps({"providers": entries}), "utf-8")
        env = Path(".env")
        env.write_text('GOOD_KEY=sk-own-secret\nMODEL_ALIASES={"a": "b"}\n', "utf-8")
        env.chmod(0o644)
        found = checks()
    assert "sk-own-secret" not in json.dumps(found)
    assert messages("providers", found) == [
        ("ok", "2 provider(s) in providers.yaml.", None),
        (
            "warning",
            "These settings have no effect, because providers.yaml names the providers: "
            "MODEL_ALIASES",
            "Remove them, or write them into the file.",
        ),
    ]
    good, gone = messages("upstream", found)
    assert (good[0], "The upstream good (http" in good[1]) == ("ok", True)
    assert gone[0] == "failure"
    assert gone[2] is not None and "base_url of gone in providers.yaml" in gone[2]
    # The variable is one that the file names, and it is a key.
    assert messages("unknown_setting", found) == []
    assert [advice for _, _, advice in messages("env_file", found)] == ["chmod 600 .env"]
