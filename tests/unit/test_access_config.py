"""Settings about who may call, and how often: their meaning, and the words that refuse them."""

import hashlib

import pytest

from app.core.config import Settings
from app.core.config_loading import SettingsError, load_settings

KEY = "very-secret-key-0123456789"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def refusal(monkeypatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.__context__ is None
    assert "secret" not in f"{caught.value!r}"
    return str(caught.value)


LIST = 'API_KEYS: must be a JSON list such as ["shop:a-long-random-key"]'
NAME = "the name must have 1 to 64 characters, without spaces and '*'"
ASCII = "the key must be printable ASCII without spaces"


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        (KEY, LIST),
        (f"[{KEY}]", LIST),
        (f'"{KEY}"', LIST),
        (f'{{"shop": "{KEY}"}}', LIST),
        ("null", LIST),
        ("0", LIST),
        (f'["shop:{KEY}"', LIST),
        (f"['shop:{KEY}']", LIST),
        (
            f'["{KEY}", ["{KEY}"]]',
            'API_KEYS: entry 2 must be a text such as "shop:a-long-random-key"',
        ),
        (f'[{{"shop": "{KEY}"}}]', "API_KEYS: entry 1 must be a text such as"),
        ('["secret", 7]', "API_KEYS: entry 2 must be a text such as"),
        ('["secret", null]', "API_KEYS: entry 2 must be a text such as"),
        (f'["{KEY}", ""]', f"API_KEYS: entry 2: {ASCII}"),
        ('["shop:"]', f"API_KEYS: entry 1: {ASCII}"),
        ('["secret key"]', f"API_KEYS: entry 1: {ASCII}"),
        ('["shop:secret\\tkey"]', f"API_KEYS: entry 1: {ASCII}"),
        ('["shop:secret\\u0000"]', f"API_KEYS: entry 1: {ASCII}"),
        ('["shop:secret-열쇠"]', f"API_KEYS: entry 1: {ASCII}"),
        (f'["*:{KEY}"]', f"API_KEYS: entry 1: {NAME}"),
        (f'["sh*p:{KEY}"]', f"API_KEYS: entry 1: {NAME}"),
        (f'[":{KEY}"]', f"API_KEYS: entry 1: {NAME}"),
        (f'["my shop:{KEY}"]', f"API_KEYS: entry 1: {NAME}"),
        (f'["{"x" * 65}:{KEY}"]', f"API_KEYS: entry 1: {NAME}"),
        (f'["shop:{KEY}", "cafe:{KEY}"]', "API_KEYS: contains the same key twice"),
        (f'["shop:{KEY}", "shop:{KEY}"]', "API_KEYS: contains the same key twice"),
        (f'["{KEY}", "shop:{KEY}"]', "API_KEYS: contains the same key twice"),
    ],
)
def test_unusable_keys_are_reported_without_being_shown(monkeypatch, keys, complaint):
    assert refusal(monkeypatch, API_KEYS=keys).startswith(complaint)


def test_keys_are_kept_by_their_digests(monkeypatch):
    entries = f'["shop:{KEY}", "한국:two:parts-0123456789", "bare-key-0123456789", "shop:short"]'
    monkeypatch.setenv("API_KEYS", entries)
    settings = load_settings()
    shop, korean, bare, short = settings.api_keys
    assert (shop.project, shop.named, shop.short) == ("shop", True, False)
    assert shop.digest == hashlib.sha256(KEY.encode()).digest()
    # A key may hold a colon, if it has a name before it.
    assert korean.project == "한국"
    assert korean.digest == hashlib.sha256(b"two:parts-0123456789").digest()
    assert not bare.named and bare.project.startswith("key-") and "bare" not in bare.project
    assert (short.project, short.short) == ("shop", True)
    shown = f"{settings!r} {settings!s} {settings.api_keys!r}"
    assert KEY not in shown and "bare-key" not in shown


@pytest.mark.parametrize("blank", ["", " ", "[]"])
def test_no_keys_are_no_keys(monkeypatch, blank):
    monkeypatch.setenv("API_KEYS", blank)
    assert load_settings().api_keys == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", "localhost.example"])
def test_a_reachable_host_needs_keys_or_allow_open(monkeypatch, host):
    first, keys, opened = refusal(monkeypatch, HOST=host).splitlines()
    assert first.startswith(f"HOST: {host} lets other machines in")
    monkeypatch.setenv("API_KEYS", keys.removeprefix("API_KEYS="))
    (key,) = load_settings().api_keys
    assert (key.project, key.short) == ("default", False)
    monkeypatch.delenv("API_KEYS")
    monkeypatch.setenv(*opened.split("="))
    assert load_settings().allow_open
    monkeypatch.setenv("ALLOW_OPEN", "false")
    assert refusal(monkeypatch).splitlines()[1] != keys, "the same key is given to everybody"


@pytest.mark.parametrize(
    ("name", "value"), [("ROOT_PATH", "/x"), ("TRUSTED_PROXIES", '["10.0.0.0/8"]')]
)
def test_a_proxy_needs_keys_or_allow_open(monkeypatch, name, value):
    first, keys, opened = refusal(monkeypatch, **{name: value}).splitlines()
    assert first.startswith(f"{name}: a proxy ") and "lets other machines in" in first
    for line in (keys, opened):
        setting, _, given = line.partition("=")
        monkeypatch.setenv(setting, given)
        assert getattr(load_settings(), name.lower())
        monkeypatch.delenv(setting)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LOCALHOST"]
)
def test_a_host_of_this_machine_alone_needs_none(monkeypatch, host):
    monkeypatch.setenv("HOST", host)
    assert load_settings().host == host


RATE = 'must be a rate such as "60/minute", or empty'
BUDGETS = 'must be a JSON object such as {"shop": 200000, "*": 50000}'
PROXIES = 'must be a JSON list of addresses or networks, such as ["10.0.0.0/8"]'
NAMES = 'must be a JSON list such as ["asst_default"]'
PROJECT = "must have 1 to 64 characters, without spaces, ':' and '*'"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("RATE_LIMIT", "60", f"{RATE}, got '60'"),
        ("RATE_LIMIT", "60/fortnight", f"{RATE}, got '60/fortnight'"),
        ("RATE_LIMIT", "many/minute", f"{RATE}, got 'many/minute'"),
        ("RATE_LIMIT", "-1/minute", f"{RATE}, got '-1/minute'"),
        ("RATE_LIMIT", "60/minute;", f"{RATE}, got '60/minute;'"),
        ("RATE_LIMIT", "0/minute", f"{RATE}, got '0/minute'"),
        ("PUBLIC_RATE_LIMIT", "off", f"{RATE}, got 'off'"),
        ("TOKEN_BUDGETS", "1000", f"{BUDGETS}, got '1000'"),
        ("TOKEN_BUDGETS", '{"shop": "1000"}', f'{BUDGETS}, got \'{{"shop": "1000"}}\''),
        ("TOKEN_BUDGETS", '{"shop": -1}', f"{BUDGETS}, got '{{\"shop\": -1}}'"),
        ("TOKEN_BUDGETS", '{"shop": true}', f"{BUDGETS}, got '{{\"shop\": true}}'"),
        ("TOKEN_BUDGETS", '{"shop": 1.5}', f"{BUDGETS}, got '{{\"shop\": 1.5}}'"),
        ("TOKEN_BUDGETS", '{"shop": null}', f"{BUDGETS}, got '{{\"shop\": null}}'"),
        ("TRUSTED_PROXIES", "10.0.0.1", f"{PROXIES}, got '10.0.0.1'"),
        ("TRUSTED_PROXIES", '["nginx"]', f"{PROXIES}, got '[\"nginx\"]'"),
        ("TRUSTED_PROXIES", '["*"]', f"{PROXIES}, got '[\"*\"]'"),
        ("TRUSTED_PROXIES", "[null]", f"{PROXIES}, got '[null]'"),
        ("PUBLIC_ASSISTANTS", "asst_a", f"{NAMES}, got 'asst_a'"),
        ("PUBLIC_ASSISTANTS", '[""]', f"{NAMES}, got '[\"\"]'"),
        ("MAX_CONCURRENT_RUNS", "-1", "must be a whole number of at least 0, got '-1'"),
        ("RETENTION_DAYS", "-1", "must be a whole number of at least 0, got '-1'"),
        ("RETENTION_DAYS", "forever", "must be a whole number of at least 0, got 'forever'"),
        ("SESSION_MINUTES", "0", "must be a whole number of at least 1, got '0'"),
        ("ALLOW_OPEN", "maybe", "must be true or false, got 'maybe'"),
        ("PUBLIC_PROJECT", "", f"{PROJECT}, got ''"),
        ("PUBLIC_PROJECT", "*", f"{PROJECT}, got '*'"),
        ("PUBLIC_PROJECT", "my shop", f"{PROJECT}, got 'my shop'"),
        ("PUBLIC_PROJECT", "shop:web", f"{PROJECT}, got 'shop:web'"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch, name, value, complaint):
    assert refusal(monkeypatch, **{name: value}) == f"{name}: {complaint}"


def test_a_redis_url_is_not_shown(monkeypatch):
    said = refusal(monkeypatch, REDIS_URL="http://me:secret@host")
    assert said == "REDIS_URL: must begin with redis://, rediss://, unix://, or be empty"
    monkeypatch.setenv("REDIS_URL", "redis://me:secret@host/0")
    assert "secret" not in repr(load_settings())


@pytest.mark.parametrize(
    ("given", "rate"),
    [("", ""), ("0", ""), (" ", ""), ("60/minute;1000/day", "60/minute;1000/day")],
)
def test_a_rate_may_be_off_or_several(monkeypatch, given, rate):
    monkeypatch.setenv("RATE_LIMIT", given)
    assert load_settings().rate_limit == rate


def test_networks_are_read_generously(monkeypatch):
    monkeypatch.setenv("ALLOW_OPEN", "true")
    monkeypatch.setenv("TRUSTED_PROXIES", '["10.1.2.3/8", "192.0.2.7", "2001:db8::1"]')
    assert load_settings().trusted_proxies == ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::1/128"]
