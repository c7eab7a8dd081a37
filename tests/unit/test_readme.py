"""The README: its table of settings is the settings, and what it names is there."""

import json
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.application import create_app
from app.core.config import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
CALLS = re.findall(r"(?<=`)(?:GET |POST )?(/api/v1\S*|/chat|/health)(?=`)", README)


def shown(default: object) -> str:
    """Return a default as `.env` would hold it, in code marks."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    text = default if isinstance(default, str) else json.dumps(default)
    return f"`{text}`" if text else "empty"


def test_the_table_holds_every_setting_with_its_default_and_meaning():
    table = README.partition("| Setting | Default | Meaning |\n|---|---|---|\n")[2]
    rows = table.partition("\n\n")[0].splitlines()
    assert rows == [
        f"| `{name.upper()}` | {shown(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]


def test_settings_in_the_text_exist():
    known = {name.upper() for name in Settings.model_fields}
    named = re.findall(r"^([A-Z_]+)=|`([A-Z]+_[A-Z_]+)(?:=[^`]*)?`", README, re.MULTILINE)
    assert {first or second for first, second in named} <= known


def test_calls_in_the_text_exist():
    paths = create_app(Settings(_env_file=None)).openapi()["paths"]
    assert CALLS
    for call in CALLS:
        path = call if call.startswith("/api/v1") else f"/api/v1{call}"
        # The base address, and the address that older pages call, are no calls of the API.
        assert path == "/api/v1" or path in paths, call


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_linked_files_exist(link):
    assert (ROOT / link).exists()


@pytest.mark.parametrize("anchor", re.findall(r"\]\(#([^)]+)\)", README))
def test_linked_headings_exist(anchor):
    headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
