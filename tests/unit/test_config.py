"""Settings: what `.env.example` says, what is refused, and in which words."""

from pathlib import Path

import pytest

from app.core.config import Settings
from app.core.config_loading import SettingsError, load_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
NAMES = [name.upper() for name in Settings.model_fields]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def refusal(monkeypatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


def test_the_example_is_the_defaults(tmp_path):
    defaults = load_settings()
    (tmp_path / ".env").write_bytes(EXAMPLE.read_bytes())
    from_example = load_settings()
    assert from_example == defaults
    assert from_example.model_fields_set == set(Settings.model_fields)


def test_the_environment_wins_over_the_file(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("PORT=1\nASSISTANT_NAME=실\n# other\nOTHER=x\n", "utf-8-sig")
    monkeypatch.setenv("PORT", "2")
    settings = load_settings()
    assert (settings.port, settings.assistant_name) == (2, "실")


def test_values_are_read_as_what_they_mean(monkeypatch):
    environment = {
        "OPENAI_API_KEY": " sk-abc\n",
        "MODEL_ALIASES": '{"gpt-4o": "gpt-5.4-mini"}',
        "CORS_ORIGINS": '["https://example.org", "http://localhost:3000"]',
        "DEBUG": "1",
        "LOG_LEVEL": "warning",
        "LOG_FILE": "",
        "PORT": "0",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.openai_api_key.get_secret_value() == "sk-abc"
    assert settings.model_aliases == {"gpt-4o": "gpt-5.4-mini"}
    assert settings.cors_origins == ["https://example.org", "http://localhost:3000"]
    assert settings.debug is True
    assert (settings.log_level, settings.log_file, settings.port) == ("WARNING", "", 0)


@pytest.mark.parametrize("blank", ["", "  "])
def test_blank_lists_and_objects_are_empty(monkeypatch, blank):
    monkeypatch.setenv("MODEL_ALIASES", blank)
    monkeypatch.setenv("CORS_ORIGINS", blank)
    settings = load_settings()
    assert (settings.model_aliases, settings.cors_origins) == ({}, [])


ALIASES = 'must be a JSON object such as {"gpt-4o": "gpt-5.4-mini"}'
IDS = 'must be a JSON object of IDs such as {"asst_old": "asst_default"}'
ORIGINS = 'must be a JSON list of origins without a path, such as ["https://example.org"]'
BASE_URL = "must be an http:// or https:// URL, or empty for OpenAI's own"
DATABASE = "must begin with sqlite:/// or postgresql://"
FILES = "must be a folder, file:///folder or s3://bucket/prefix"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("PORT", "abc", "must be a whole number from 0 to 65535, got 'abc'"),
        ("PORT", "65536", "must be a whole number from 0 to 65535, got '65536'"),
        ("PORT", "", "must be a whole number from 0 to 65535, got ''"),
        ("CONTEXT_WINDOW", "1000", "must be a whole number of at least 1024, got '1000'"),
        ("HISTORY_TOKENS", "499", "must be 0 or at least 500, got 499"),
        ("HISTORY_TOKENS", "-1", "must be 0 or at least 500, got -1"),
        ("OPENAI_MAX_RETRIES", "11", "must be a whole number from 0 to 10, got '11'"),
        ("POLL_AFTER_MS", "0", "must be a whole number from 1 to 10000, got '0'"),
        ("OPENAI_TIMEOUT", "0", "must be a number greater than 0, got '0'"),
        ("OPENAI_TIMEOUT", "inf", "must be a number greater than 0, got 'inf'"),
        ("LEASE_SECONDS", "soon", "must be a number greater than 0, got 'soon'"),
        ("DEBUG", "app:*", "must be true or false, got 'app:*'"),
        ("LOG_LEVEL", "LOUD", "must be one of DEBUG, INFO, WARNING, ERROR, got 'LOUD'"),
        ("OPENAI_MODEL", "", "must be some text, got ''"),
        ("OPENAI_BASE_URL", "api.example.org/v1", BASE_URL),
        ("OPENAI_BASE_URL", "http://[::1", BASE_URL),
        (
            "OPENAI_BASE_URL",
            "https://me:secret@host/v1",
            "must not contain a user name or password; use OPENAI_API_KEY for the key",
        ),
        ("DATABASE_URL", "postgres://me:secret@host/db", f"{DATABASE}, got 'postgres://…'"),
        ("DATABASE_URL", "secret", f"{DATABASE}, got 'other text'"),
        ("DATABASE_URL", "sqlite:///", f"{DATABASE}, got 'sqlite://…'"),
        ("FILES_URL", "", f"{FILES}, got ''"),
        ("FILES_URL", "s3://key:secret@bucket", f"{FILES}, got 's3://…'"),
        ("FILES_URL", "ftp://host/folder", f"{FILES}, got 'ftp://…'"),
        ("MAX_FILE_BYTES", "0", "must be a whole number of at least 1, got '0'"),
        ("OPENAI_API_KEY", "sk-secret…", "must be printable ASCII without spaces"),
        ("MODEL_ALIASES", "{", f"{ALIASES}, got '{{'"),
        ("MODEL_ALIASES", '{"a": 1}', f"{ALIASES}, got '{{\"a\": 1}}'"),
        ("ASSISTANT_ALIASES", '["asst_a"]', f"{IDS}, got '[\"asst_a\"]'"),
        ("ASSISTANT_ALIASES", '{"asst_a": "b"}', f'{IDS}, got \'{{"asst_a": "b"}}\''),
        ("ASSISTANT_ALIASES", '{"asst_a": "asst_b"}', "has no effect without ADOPT_IDS=true"),
        ("CORS_ORIGINS", "https://a.org", f"{ORIGINS}, got 'https://a.org'"),
        ("CORS_ORIGINS", '["https://a.org/"]', f"{ORIGINS}, got '[\"https://a.org/\"]'"),
        ("MAX_BODY_BYTES", "x" * 99, f"must be a whole number of at least 1024, got '{'x' * 59}…"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch, name, value, complaint):
    assert refusal(monkeypatch, **{name: value}) == f"{name}: {complaint}"


def test_every_wrong_value_has_a_line(monkeypatch):
    lines = refusal(monkeypatch, PORT="x", LOG_LEVEL="y", LEASE_SECONDS="z").splitlines()
    assert sorted(line.partition(":")[0] for line in lines) == [
        "LEASE_SECONDS",
        "LOG_LEVEL",
        "PORT",
    ]


def test_an_unreadable_file_is_named(tmp_path):
    (tmp_path / ".env").write_bytes(b"ASSISTANT_NAME=\xff\n")
    with pytest.raises(SettingsError, match=r"^\.env: can't be read as UTF-8 text"):
        load_settings()


def test_secrets_are_shown_nowhere(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@host/db")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://host/secret/v1")
    monkeypatch.setenv("API_KEYS", '["shop:secret", "secret-too"]')
    monkeypatch.setenv("REDIS_URL", "redis://me:secret@host")
    assert "secret" not in repr(load_settings())
    with pytest.raises(SettingsError) as caught:
        monkeypatch.setenv("PORT", "x")
        load_settings()
    assert caught.value.__context__ is None


def test_settings_stay_as_they_are():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1  # type: ignore[misc]


def test_several_workers_need_postgresql(monkeypatch):
    monkeypatch.setenv("WORKERS", "2")
    with pytest.raises(SettingsError, match="WORKERS: 2 processes need PostgreSQL"):
        load_settings()
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@localhost/x")
    assert load_settings().workers == 2
