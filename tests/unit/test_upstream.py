"""What an upstream is called, and which of several answers for a model."""

import pytest

from app.core.upstream import Fallback, Upstream
from app.core.upstream_choice import UpstreamChoice


def upstream(name: str, *models: str, address: str = "http://127.0.0.1:1/v1", **more) -> Upstream:
    return Upstream(name, "responses", 8_000, address=address, models=frozenset(models), **more)


@pytest.mark.parametrize("address", ["", "https://api.openai.com/v1", "https://api.openai.com/v1/"])
def test_openai_is_openai_however_it_is_written(address):
    assert upstream("u", address=address).mode == "openai"


def test_every_other_server_is_custom_and_the_demo_is_the_demo():
    assert upstream("u").mode == "custom"
    assert Upstream("demo", "demo", 8_000).mode == "demo"
    assert Upstream("demo", "demo", 8_000).place == "demo"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", "https://api.openai.com/v1"),
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"),
        ("https://me:own-secret@host:8443/a/v1", "https://host:8443/a/v1"),
        ("https://own-secret@[::1]:1/v1?key=own-secret#own-secret", "https://[::1]:1/v1"),
    ],
)
def test_it_is_named_without_credentials(address, shown):
    one = upstream("mine", address=address, key="own-secret")
    assert (one.shown_address, one.place) == (shown, f"mine ({shown})")
    assert "own-secret" not in repr(one)


@pytest.mark.parametrize("key", ["sk-한글", "sk-\nx", "sk-\x00"])
def test_a_key_that_fits_no_header_is_refused(key):
    with pytest.raises(ValueError, match="API key") as caught:
        upstream("mine", key=key)
    assert "sk-" not in str(caught.value)


@pytest.mark.parametrize(("model", "sent"), [("gpt-4o", "gpt-5.4-mini"), ("gpt-4", "gpt-4")])
def test_a_retired_model_is_asked_for_by_its_alias(model, sent):
    assert upstream("u", aliases={"gpt-4o": "gpt-5.4-mini"}).sent_name(model) == sent


def test_a_model_goes_to_the_upstream_that_names_it_and_any_other_to_the_first():
    first, second = upstream("a", "small"), upstream("b", "large", aliases={"old": "large"})
    choice = UpstreamChoice([first, second])
    chosen = {name: choice.of(name) for name in ("small", "large", "old", "unheard-of")}
    assert chosen == {"small": first, "large": second, "old": second, "unheard-of": first}
    assert (choice.default, [*choice]) == (first, [first, second])


@pytest.mark.parametrize(
    ("several", "fault"),
    [
        ([], "no upstream"),
        ([upstream("a"), upstream("a")], "named a"),
        ([upstream("a", fallbacks=(Fallback("b"),))], "no upstream b"),
    ],
)
def test_ambiguous_upstreams_are_refused(several, fault):
    with pytest.raises(ValueError, match=fault):
        UpstreamChoice(several)
