"""The documents: they are what the code says, and what they name and link to exists."""

import re

import pytest

from app.core.config import Settings
from app.terminal.command_line import app as command_line
from scripts import docs
from tests.support.api_document import api_document
from tests.support.manual import ALL, ENGLISH, KOREAN, ROOT, Document, name_in_korean

# Names of compose.yaml, nginx, systemd and other programs, in the form of a setting.
NOT_SETTINGS = {
    *("OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"),
    *("POSTGRES_PASSWORD", "S3_SECRET_KEY", "PUBLIC_HTTP_PORT", "PUBLIC_HTTPS_PORT"),
    *("MAX_UPLOAD", "ACME_FOLDER"),
    # Variables of the process that libraries follow.
    *("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"),
    # A variable of the program that the page is about.
    "OPENAI_ASSISTANT_ID",
    # Variables that providers.yaml names.
    *("AZURE_OPENAI_API_KEY", "GEMINI_API_KEY", "LITELLM_MASTER_KEY", "UPSTAGE_API_KEY"),
}
ANCHORS = {document.path: {one.anchor for one in document.headings} for document in ALL}
every_document = pytest.mark.parametrize("document", ALL, ids=lambda document: document.name)
# A changelog also names what is gone, and repeats its headings.
CURRENT = [document for document in ALL if document.name != "CHANGELOG.md"]
every_current_one = pytest.mark.parametrize("document", CURRENT, ids=lambda one: one.name)


def test_generated_parts_are_what_the_code_says(capsys):
    status = docs.main(["--check"])
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_a_readme_is_short(name):
    assert len(Document(name).text.splitlines()) <= 200


def test_every_document_is_there_in_korean_too():
    assert [name_in_korean(one.name) for one in ENGLISH] == [one.name for one in KOREAN]


@every_document
def test_links_lead_somewhere(document):
    broken = []
    for link in document.links:
        target = (document.path.parent / link.file).resolve() if link.file else document.path
        if not target.exists() or (link.anchor and link.anchor not in ANCHORS[target]):
            broken.append(link)
    assert broken == []


@every_current_one
def test_headings_can_be_linked_to(document):
    # A second heading of the same name would get another anchor.
    anchors = [heading.anchor for heading in document.headings]
    assert len(anchors) == len(set(anchors))


@every_current_one
def test_settings_exist(document):
    known = {name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    # The terminal command and the examples have variables of their own.
    named = {name for name in document.settings if not name.startswith("THREADKEEPER_")}
    # These two name constants of the code in the same form.
    assert document.name in ("ARCHITECTURE.md", "CONTRIBUTING.md") or named <= known


@every_current_one
def test_calls_exist(document):
    # With the base addresses themselves.
    paths = {"/api/v1", "/api/v1/admin", *api_document()["paths"]}
    assert [call for call in document.calls if call not in paths] == []


@every_current_one
def test_files_named_in_the_text_exist(document):
    named = re.findall(
        r"`((?:app|benchmarks|deploy|docs|examples|functions|knowledge|scripts|tests)/[\w./@-]*\w)`",
        document.prose,
    )
    # Some paths of ARCHITECTURE.md begin in the folder of the application.
    places = (ROOT, ROOT / "app")
    assert [path for path in named if not any((place / path).exists() for place in places)] == []


@every_current_one
def test_commands_exist(document):
    commands = {group.name for group in command_line.registered_groups} | {
        command.name for command in command_line.registered_commands
    }
    named = re.findall(r"(?:python -m app|^threadkeeper|`threadkeeper) (\w+)", document.text, re.M)
    assert set(named) <= commands


@every_current_one
def test_metrics_exist(document):
    known = set(re.findall(r"`(threadkeeper_\w+)`", Document("docs/metrics.md").text))
    named = re.findall(r"`(threadkeeper_\w+)`", document.text)
    assert set(named) <= known
