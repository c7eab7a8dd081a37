"""The file of providers: what it may say, and every fault by its line, without any secret."""

import re
from pathlib import Path

import pytest

from app.core.providers_file import Defaults, load_providers, named_variables
from app.core.upstream import Fallback, Price, Upstream
from app.domain.errors import StartError

DEFAULTS = Defaults(context_window=128_000, timeout=120.0, max_retries=2)
VARIABLES = {"A_KEY": "sk-of-a", "KOREAN": "열쇠", "SPACED": "sk of a", "EMPTY": ""}
EXAMPLE = Path(__file__).parents[2] / "providers.example.yaml"


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(text: str) -> list[Upstream]:
        Path("providers.yaml").write_text(text, "utf-8")
        return load_providers(
            "providers.yaml", DEFAULTS, lambda name: VARIABLES.get(name, ""), may_be_missing=False
        )

    return read


@pytest.fixture
def refusal(load):
    """Return the lines about a file, without the file's name."""

    def read(text: str) -> list[str]:
        with pytest.raises(StartError) as caught:
            load(text)
        assert not any(key and key in str(caught.value) for key in VARIABLES.values())
        lines = str(caught.value).splitlines()
        assert all(line.startswith("providers.yaml, line ") for line in lines)
        return [line.removeprefix("providers.yaml, line ") for line in lines]

    return read


def test_all_that_it_may_say(load):
    one, other = load(
        """
        providers:
          - name: a
            base_url: http://127.0.0.1:1/v1/
            api_key_env: A_KEY
            api: chat_completions
            models: [small, "big-*", "b?"]
            aliases: {old: small}
            context_window: {small: 2048, "*": 4096}
            max_output: 512
            headers: {X-Team: shop}
            timeout: 5
            max_retries: 0
            embedding_model: embed
            price: {input: 1, cached: 0.1, output: 4, currency: KRW}
            fallbacks: [b, {provider: b, model: other}]
          - name: b
        """
    )
    assert (one.name, one.kind, one.address, one.key) == (
        "a",
        "chat_completions",
        "http://127.0.0.1:1/v1",
        "sk-of-a",
    )
    assert (one.models, one.patterns) == (frozenset({"small"}), ("big-*", "b?"))
    assert (one.aliases, one.headers) == ({"old": "small"}, {"X-Team": "shop"})
    assert (one.windows, one.max_outputs) == ({"small": 2048, "*": 4096}, {"*": 512})
    assert (one.timeout, one.max_retries, one.embedding_model) == (5.0, 0, "embed")
    assert one.prices == {"*": Price(1, 4, 0.1, "KRW")}
    assert one.fallbacks == (Fallback("b"), Fallback("b", "other"))
    assert "sk-of-a" not in repr(one)
    assert (other.kind, other.mode, other.key) == ("auto", "openai", "")
    assert (other.context_window, other.timeout, other.max_retries) == (128_000, 120.0, 2)


def test_prices_by_model_have_defaults(load):
    (one,) = load("providers: [{name: a, price: {m: {input: 2, output: 8}}}]")
    assert one.prices == {"m": Price(2, 8, 2, "USD")}


@pytest.mark.parametrize("text", ["", "# nothing", "providers:", "providers: []"])
def test_no_providers(load, text):
    assert load(text) == []


def test_no_file(tmp_path):
    path = str(tmp_path / "providers.yaml")
    assert load_providers("", DEFAULTS, str, may_be_missing=False) == []
    assert load_providers(path, DEFAULTS, str, may_be_missing=True) == []
    with pytest.raises(StartError, match=r"^PROVIDERS_FILE: there is no file "):
        load_providers(path, DEFAULTS, str, may_be_missing=False)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("providers:\n  - base_url: http://x", ["2: providers[0].name: is missing"]),
        (
            "providers:\n  - {name: a b}",
            [
                "2: providers[0].name: string should match pattern "
                "'^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', got 'a b'"
            ],
        ),
        (
            "providers:\n  - name: a\n    api: grpc",
            [
                "3: providers[0].api: input should be 'auto', 'responses' or 'chat_completions'"
                ", got 'grpc'"
            ],
        ),
        ("providers:\n  - name: a\n    color: red", ["3: providers[0].color: unknown key"]),
        (
            "providers:\n  - name: a\n  - name: a",
            ["3: providers[1].name: repeats line 2, got 'a'"],
        ),
        (
            "providers:\n  - name: a\n    fallbacks:\n      - b\n      - a",
            [
                "4: providers[0].fallbacks[0]: there is no provider named 'b' in this file",
                "5: providers[0].fallbacks[1]: a provider can't be its own fallback for the same "
                "model",
            ],
        ),
        (
            "providers:\n  - {name: a, embedding_model: e}\n  - {name: b, embedding_model: f}",
            [
                "3: providers[1].embedding_model: only one provider can embed texts, and line 2 "
                "names one"
            ],
        ),
        (
            "providers:\n  - name: a\n    base_url: 127.0.0.1/v1",
            ["3: providers[0].base_url: should be an http:// or https:// URL, got '127.0.0.1/v1'"],
        ),
        (
            "providers:\n  - name: a\n    context_window:\n      m: 5",
            [
                "4: providers[0].context_window.m: input should be greater than or equal to 1024"
                ", got 5"
            ],
        ),
        (
            "providers:\n  - name: a\n    api_key_env: NOT_SET\n    timeout: 0",
            [
                "3: providers[0].api_key_env: the variable NOT_SET is not set, in the environment "
                "or in .env",
                "4: providers[0].timeout: input should be greater than 0, got 0",
            ],
        ),
        (
            "providers:\n  - name: a\n    api_key_env: EMPTY",
            [
                "3: providers[0].api_key_env: the variable EMPTY is not set, in the environment "
                "or in .env"
            ],
        ),
        (
            "providers:\n  - {name: a, api_key_env: KOREAN}\n\n  - {name: b, api_key_env: SPACED}",
            [
                "2: providers[0].api_key_env: the variable KOREAN must be printable ASCII without "
                "spaces",
                "4: providers[1].api_key_env: the variable SPACED must be printable ASCII without "
                "spaces",
            ],
        ),
        (
            "providers:\n  - name: a\n    headers: {X-A: 열쇠}",
            ["3: providers[0].headers: 'X-A' is not a valid HTTP header"],
        ),
    ],
)
def test_every_fault_has_its_line(refusal, text, faults):
    expected = [fault.replace("input should", "should") for fault in faults]
    assert refusal(text) == expected


@pytest.mark.parametrize(
    "line",
    [
        "api_key_env: sk-own-secret",
        "api_key_env: AIzaOwnSecret",
        "api_key: sk-own-secret",
        "base_url: https://me:own-secret@host/v1",
        "base_url: https://own-secret@host/v1",
        "headers: {Authorization: Bearer own-secret}",
        "headers: {api-key: own-secret}",
        "headers: {X-A: 'own-secret 열쇠'}",
    ],
)
def test_a_key_in_the_file_is_refused_and_never_shown(refusal, line):
    (fault,) = refusal(f"providers:\n  - name: a\n    {line}")
    assert fault.startswith("3: ")
    assert "secret" not in fault.lower()


def test_the_named_variables_are_known_even_if_the_file_is_faulty(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("providers:\n - {name: a b, api_key_env: X_KEY}\n - {}", "utf-8")
    assert named_variables(str(file)) == {"X_KEY"}
    file.write_text("providers: [")
    assert named_variables(str(file)) == frozenset()
    assert named_variables("") == named_variables(str(tmp_path / "none")) == frozenset()


def test_the_shipped_example_is_valid_as_it_is_and_without_its_comment_marks(tmp_path):
    text = EXAMPLE.read_text("utf-8")
    full = re.sub(r"^( +)# ( *(?:- |\w+:))", r"\1\2", text, flags=re.MULTILINE)
    names = []
    for one in (text, full):
        file = tmp_path / "providers.yaml"
        file.write_text(one, "utf-8")
        loaded = load_providers(str(file), DEFAULTS, lambda _: "sk-x", may_be_missing=False)
        names.append([upstream.name for upstream in loaded])
    assert names == [["openai"], ["openai", "azure", "ollama", "gemini", "upstage"]]
    assert len(loaded[0].fallbacks) == 2
