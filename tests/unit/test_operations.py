"""SECURITY.md and docs/operations.md: what they name is there."""

import re
from pathlib import Path

import pytest

from app.core.config import Settings

ROOT = Path(__file__).parents[2]
TEXTS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("SECURITY.md", "docs/operations.md")
}
# Of compose.yaml, of nginx, of systemd and of other programs.
NOT_SETTINGS = {
    *("OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"),
    *("POSTGRES_PASSWORD", "S3_SECRET_KEY", "PUBLIC_HTTP_PORT", "PUBLIC_HTTPS_PORT"),
    *("MAX_UPLOAD", "ACME_FOLDER"),
}


def test_every_promise_is_tested_by_files_that_are_there():
    promises = TEXTS["SECURITY.md"].partition("| Promise | Tested in |")[2].partition("\n\n")[0]
    rows = [row for row in promises.splitlines()[2:] if row]
    assert rows
    for row in rows:
        named = re.findall(r"`([\w/]+\.py)`", row.rsplit("|", 2)[1])
        assert named, row
        folder = ""
        for path in named:
            # A name without a folder stands in that of the one before it.
            folder = path.rpartition("/")[0] or folder
            assert (ROOT / folder / path.rpartition("/")[2]).is_file(), path


@pytest.mark.parametrize("name", TEXTS)
def test_settings_exist(name):
    known = {name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    named = re.findall(r"^([A-Z_]+)=|`([A-Z]+_[A-Z_]+)(?:=[^`]*)?`", TEXTS[name], re.MULTILINE)
    assert {first or second for first, second in named} <= known


@pytest.mark.parametrize("name", TEXTS)
def test_links_and_shipped_files_exist(name):
    here = (ROOT / name).parent
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", TEXTS[name])
    shipped = re.findall(r"`((?:deploy|docs|tests|benchmarks)/[\w./@-]+\.\w+)`", TEXTS[name])
    assert not [link for link in links if not (here / link).exists()]
    assert not [path for path in shipped if not (ROOT / path).exists()]


def test_headings_are_where_the_list_of_contents_says():
    text = TEXTS["docs/operations.md"]
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) == headings


def test_alarms_are_rung_by_figures_there_are_and_are_explained():
    alarms = (ROOT / "deploy" / "alarms.yaml").read_text(encoding="utf-8")
    source = "".join(path.read_text("utf-8") for path in (ROOT / "app").rglob("*.py"))
    for figure in set(re.findall(r"threadkeeper_\w+", alarms)):
        assert f'"{re.sub("_(total|bucket|count)$", "", figure)}"' in source, figure
    for alarm in re.findall(r"alert: Threadkeeper(\w+)", alarms):
        assert f"\n| {alarm} " in TEXTS["docs/operations.md"], alarm
