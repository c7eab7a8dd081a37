"""`scripts/docs.py`: what it writes, what it only compares, and which sources it refuses."""

import json
from pathlib import Path

import pytest
import yaml

from app.core.config import Settings
from scripts import docs
from scripts.docs_postman import postman_collection
from scripts.docs_settings import _descriptions, settings_tables
from scripts.docs_sources import DocsError

DOCS = Path(docs.ROOT) / "docs"


@pytest.fixture
def project(monkeypatch, tmp_path: Path) -> Path:
    """A copy of the sources and pages, without what is generated as a whole."""
    for language in ("", "ko"):
        (tmp_path / "docs" / language).mkdir(parents=True)
        for name in ("settings.md", "metrics.md"):
            page = (DOCS / language / name).read_text("utf-8")
            (tmp_path / "docs" / language / name).write_text(page, "utf-8")
    for name in ("settings.ko.toml", "metrics.ko.toml", "postman.yaml"):
        (tmp_path / "docs" / name).write_text((DOCS / name).read_text("utf-8"), "utf-8")
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    return tmp_path


def test_it_writes_what_it_then_finds_unchanged(project, capsys):
    assert docs.main([]) == 0
    assert "wrote .env.example" in capsys.readouterr().out
    assert docs.main(["--check"]) == 0
    assert capsys.readouterr().out == ""
    assert (project / ".env.example").read_text("utf-8").count("\n# ") >= len(Settings.model_fields)


def test_a_check_names_what_differs_and_changes_nothing(project, capsys):
    docs.main([])
    page = project / "docs" / "ko" / "settings.md"
    changed = page.read_text("utf-8").replace("`8010`", "`8011`")
    page.write_text(changed, "utf-8")
    capsys.readouterr()
    assert docs.main(["--check"]) == 1
    report = capsys.readouterr().out
    assert report.startswith("docs/ko/settings.md: differs")
    assert "+| `PORT` | `8010` |" in report
    assert page.read_text("utf-8") == changed


@pytest.mark.parametrize(
    ("source", "before", "after", "fault"),
    [
        ("settings.ko.toml", "port =", "ports =", "port: is missing"),
        ("settings.ko.toml", "port =", "old = '옛 설정'\nport =", "old: no longer exists"),
        ("metrics.ko.toml", "_runs_active =", "_runs =", "threadkeeper_runs_active: is missing"),
        ("settings.md", "<!-- settings:end -->", "", "needs <!-- settings:begin --> and"),
        ("postman.yaml", "call: health", "call: ready", "no request calls health"),
        ("postman.yaml", "example: 한국어", "example: none", "has no example 'none'"),
        ("postman.yaml", "call: health\n", "call: healthy\n", "no request calls health"),
        ("postman.yaml", '  file_id: ""\n', "", "variables not declared: file_id"),
        ("postman.yaml", "query: {limit: 20}", "query: {size: 20}", "has no parameter {'size'}"),
        ("postman.yaml", "name: Search threads", "name: List threads", "is called List threads"),
    ],
)
def test_a_source_with_a_mistake_is_refused(project, capsys, source, before, after, fault):
    file = project / "docs" / source
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), "utf-8")
    assert docs.main([]) == 1
    assert fault in capsys.readouterr().err


def test_a_setting_without_a_docstring_is_refused(monkeypatch):
    undescribed = {name: text for name, text in _descriptions().items() if name != "port"}
    monkeypatch.setattr("scripts.docs_settings._descriptions", lambda: undescribed)
    with pytest.raises(DocsError, match="port needs a docstring"):
        settings_tables("en", DOCS / "settings.ko.toml")


def test_ids_in_examples_become_variables():
    text = postman_collection(DOCS / "postman.yaml")
    [runs] = [one for one in json.loads(text)["item"] if one["name"] == "Runs"]
    body = runs["item"][0]["request"]["body"]["raw"]
    assert json.loads(body) == {"assistant_id": "{{assistant_id}}"}


def test_the_source_of_the_collection_has_no_unknown_keys():
    known = {
        *("call", "name", "description", "variables", "query", "example", "body", "form"),
        *("lines", "while", "test", "status", "checks", "reads", "save"),
    }
    source = yaml.safe_load((DOCS / "postman.yaml").read_text("utf-8"))
    for folder in source["folders"]:
        for request in folder["requests"]:
            assert request.keys() <= known, request
