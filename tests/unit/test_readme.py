"""The READMEs: the table of settings is the settings, and what they name is there."""

import json

import pytest
from pydantic import SecretStr

from app.core.config import Settings
from app.reloading import RELOADED
from tests.support.api_document import api_document
from tests.support.readme import ROOT, Readme

READMES = [Readme("README.md"), Readme("README.ko.md")]
every_readme = pytest.mark.parametrize("readme", READMES, ids=lambda readme: readme.name)


def shown(default: object) -> str:
    """Return a default as `.env` would hold it, in code marks."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    text = default if isinstance(default, str) else json.dumps(default)
    return f"`{text}`" if text else "empty"


@every_readme
def test_it_names_every_setting_that_a_reload_changes(readme):
    text = (ROOT / readme.name).read_text("utf-8")
    (about,) = [part for part in text.split("\n\n") if "`kill -HUP`" in part]
    named = {name for name in Settings.model_fields if f"`{name.upper()}`" in about}
    assert named == {*RELOADED}


def test_the_table_holds_every_setting_with_its_default_and_meaning():
    assert READMES[0].table("| Setting | Default | Meaning |") == [
        f"| `{name.upper()}` | {shown(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]


@every_readme
def test_settings_in_the_text_exist(readme):
    assert readme.settings
    assert readme.settings <= {name.upper() for name in Settings.model_fields}


@every_readme
def test_calls_in_the_text_exist(readme):
    paths = api_document()["paths"]
    assert readme.calls
    for call in readme.calls:
        path = call if call.startswith("/api/v1") else f"/api/v1{call}"
        # The base address, and the address that older pages call, are no calls of the API.
        assert path == "/api/v1" or path in paths, call


@every_readme
def test_linked_files_exist(readme):
    assert readme.linked_files
    assert [link for link in readme.linked_files if not (ROOT / link).exists()] == []


@every_readme
def test_linked_headings_exist(readme):
    anchors = [heading.anchor for heading in readme.headings]
    assert readme.linked_anchors
    assert set(readme.linked_anchors) <= set(anchors)
    # A second heading of the same name would get another anchor.
    assert len(anchors) == len(set(anchors))
