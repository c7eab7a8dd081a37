"""SECURITY.md and the alerts: what they name exists."""

import re

import pytest

from tests.support.manual import ROOT, Document


def test_every_promise_is_tested_by_existing_files():
    promises = (
        Document("SECURITY.md").text.partition("| Promise | Tested in |")[2].partition("\n\n")[0]
    )
    rows = [row for row in promises.splitlines()[2:] if row]
    assert rows
    for row in rows:
        named = re.findall(r"`([\w/]+\.py)`", row.rsplit("|", 2)[1])
        assert named, row
        folder = ""
        for path in named:
            # A name without a folder is in the folder of the one before it.
            folder = path.rpartition("/")[0] or folder
            assert (ROOT / folder / path.rpartition("/")[2]).is_file(), path


def test_alerts_use_existing_metrics_and_are_explained():
    alerts = (ROOT / "deploy" / "alerts.yaml").read_text(encoding="utf-8")
    metrics = Document("docs/metrics.md").text
    for metric in set(re.findall(r"threadkeeper_\w+", alerts)):
        assert f"`{re.sub('_(bucket|count)$', '', metric)}`" in metrics, metric
    for alert in re.findall(r"alert: Threadkeeper(\w+)", alerts):
        for name in ("docs/operations.md", "docs/ko/operations.md"):
            assert f"\n| {alert} " in Document(name).text, (name, alert)


@pytest.mark.parametrize(
    "message",
    ["The upstream failed", "request failed", "the last traces were not taken within", "reloaded"],
)
def test_log_messages_to_look_for_are_logged(message):
    for name in ("docs/operations.md", "docs/ko/operations.md"):
        assert f"`{message}" in Document(name).text
    sources = (path.read_text("utf-8") for path in (ROOT / "app").rglob("*.py"))
    assert any(f'"{message}' in source for source in sources)
