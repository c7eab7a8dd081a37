"""Models that OpenAI retires: the dates, the replacements, and what the provider itself says."""

import csv
from datetime import date
from importlib.resources import files

import pytest

from app.core import retirements
from app.core.retirements import Retirement, Retirements
from app.core.upstream import OPENAI_URL, Upstream
from app.core.upstream_choice import UpstreamChoice

# What is sure: the dates that OpenAI announced for the names that assistants use.
DATES = {
    **dict.fromkeys(["gpt-3.5-turbo", "gpt-4", "gpt-4-turbo", "o1", "o4-mini"], "2026-10-23"),
    **dict.fromkeys(["gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-5-pro", "o3"], "2026-12-11"),
    **dict.fromkeys(["gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini"], "2027-01-14"),
}


@pytest.fixture
def on(monkeypatch):
    """Set the day."""

    def choose(day: str) -> None:
        monkeypatch.setattr(retirements, "today", lambda: date.fromisoformat(day))

    choose("2026-11-28")
    return choose


def rows() -> list[dict[str, str]]:
    text = files("app.core").joinpath("retired_models.csv").read_text("utf-8")
    return [*csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))]


def test_every_row_has_a_date_a_replacement_and_its_source():
    found = rows()
    assert len({row["model"] for row in found}) == len(found)
    for row in found:
        shutdown = date.fromisoformat(row["shutdown"])
        assert not row["announced"] or date.fromisoformat(row["announced"]) < shutdown
        assert row["replacement"] not in ("", row["model"])
        assert row["source"]


@pytest.mark.parametrize("model", DATES)
def test_the_announced_dates(model):
    retirement = Retirements.load("switch").of(model)
    assert retirement is not None
    assert retirement.shutdown.isoformat() == DATES[model]


def test_every_chain_of_replacements_ends_at_a_model_that_stays():
    known = Retirements.load("switch")
    last = max(date.fromisoformat(row["shutdown"]) for row in rows())
    for row in rows():
        replacement = known.replacement_on(row["model"], last)
        assert replacement is not None
        assert known.of(replacement) is None


def test_a_name_is_switched_from_its_date_on(on):
    known = Retirements.load("switch")
    assert known.successor("gpt-4") == "gpt-5.6-sol"
    assert known.successor("gpt-5.4-mini") is None
    assert known.successor("gpt-4o") is None
    on("2027-01-13")
    assert known.successor("gpt-4o") is None
    on("2027-01-14")
    assert known.successor("gpt-4o") == "gpt-6-luna"


def test_a_replacement_may_have_a_replacement(on):
    known = Retirements.load("switch")
    assert known.successor("o1-preview") == "o3"
    assert known.successor("gpt-4-32k") == "gpt-4o"
    on("2027-02-01")
    assert known.successor("o1-preview") == "gpt-5.6-sol"
    assert known.successor("gpt-4-32k") == "gpt-6-luna"


def test_replacements_in_a_circle_end(on):
    day = date(2020, 1, 1)
    known = Retirements(
        [Retirement("a", day, day, "b"), Retirement("b", day, day, "a")], mode="switch"
    )
    assert known.successor("a") in (None, "b")


@pytest.mark.parametrize(("mode", "known"), [("warn", True), ("off", False)])
def test_other_modes_switch_nothing(on, mode, known):
    retired = Retirements.load(mode)
    assert retired.successor("gpt-4") is None
    assert (retired.of("gpt-4") is not None) == known


def test_what_the_provider_says_wins(on):
    known = Retirements.load("switch")
    known.correct(
        {
            "gpt-4": None,
            "o1": date(2027, 5, 1),
            "gpt-4o": date(2026, 11, 1),
            "new": date(2028, 1, 1),
        }
    )
    assert known.successor("gpt-4") is None
    assert known.of("gpt-4") is None
    assert known.successor("o1") is None
    assert known.successor("gpt-4o") == "gpt-6-luna"
    assert known.successor("gpt-3.5-turbo") == "gpt-5.6-terra"
    assert known.of("new") == Retirement("new", date(2028, 1, 1))
    assert known.successor("new") is None


def test_only_openai_itself_is_asked_for_replacements_and_only_without_an_alias(on):
    openai = Upstream(
        "openai", "responses", 8_000, models=frozenset({"gpt-4"}), aliases={"o1": "own"}
    )
    other = Upstream(
        "azure", "responses", 8_000, address="http://127.0.0.1:1", models=frozenset({"gpt-4-turbo"})
    )
    assert openai.address == OPENAI_URL
    choice = UpstreamChoice([openai, other], Retirements.load("switch"))
    sent = {name: choice.target(name).model for name in ("gpt-4", "o1", "gpt-4-turbo", "gpt-4o")}
    assert sent == {
        "gpt-4": "gpt-5.6-sol",
        "o1": "own",
        "gpt-4-turbo": "gpt-4-turbo",
        "gpt-4o": "gpt-4o",
    }
    reported = {name: choice.retirement(name) for name in sent}
    assert [name for name, one in reported.items() if one] == ["gpt-4", "gpt-4o"]
