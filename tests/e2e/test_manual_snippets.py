"""The code in the documents runs as it is written, against a server with the demo model."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.assistants_files import SHIPPED
from tests.support.databases import fresh_database
from tests.support.examples import KEY
from tests.support.manual import ENGLISH, KOREAN, Block, Document
from tests.support.node_packages import needs_node, packages
from tests.support.server import ThreadServer, thread_server

WRITTEN_ADDRESS = "http://127.0.0.1:8010"
MANUAL = [*ENGLISH, *KOREAN]
# E-mails may be set up; none is sent.
_MAIL = {"smtp_host": "127.0.0.1", "smtp_from": "owner@example.org"}
_ADMIN_KEY = "an-administrators-key-0123456789"


def blocks(language: str, *, of_clients: bool = False) -> list:
    """Return each block of this language with its document, as parameters.

    `of_clients`: those of the pages about clients of others, else those of all other pages.
    """
    found = [
        pytest.param(block, id=f"{document.name}-{place}")
        for document in MANUAL
        for place, block in enumerate(document.blocks)
        if block.language == language and ("/coming-from/" in document.name) == of_clients
    ]
    assert found
    return found


# A fragment goes on from the program before it.
_CLIENT = f"""from openai import OpenAI

client = OpenAI(base_url="{WRITTEN_ADDRESS}/api/v1", api_key="any-text")
"""


def calls_of(block: Block) -> bool:
    return block.code.startswith("curl ") and WRITTEN_ADDRESS in block.code


CURL = [
    pytest.param(document, block, id=f"{document.name}-{place}")
    for document in MANUAL
    for place, block in enumerate(document.blocks)
    if block.language == "sh" and calls_of(block)
]


@pytest.fixture(scope="session")
def database_kind() -> str:
    """Programs can't tell one database from the other: one will do."""
    return "sqlite"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The server as it is after a clone: open, with the shipped assistants and functions."""
    folder = tmp_path_factory.mktemp("manual")
    settings = {"files_url": str(folder / "files"), "assistants_file": str(SHIPPED)} | _MAIL
    with (
        fresh_database("sqlite", folder) as url,
        thread_server(database_url=url, public_chat=True, **settings) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def server_with_key(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manual_key")
    settings = {"files_url": str(folder / "files"), "assistants_file": ""}
    with (
        fresh_database("sqlite", folder) as url,
        thread_server(database_url=url, api_keys=[f"shop:{KEY}"], **settings) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def server_with_admin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manual_admin")
    settings = {"files_url": str(folder / "files"), "assistants_file": ""}
    with (
        fresh_database("sqlite", folder) as url,
        thread_server(database_url=url, admin_key=_ADMIN_KEY, **settings) as server,
    ):
        headers = {"authorization": f"Bearer {_ADMIN_KEY}"}
        server.http.post("/admin/projects", json={"name": "cafe"}, headers=headers)
        yield server


def run(
    server: ThreadServer,
    code: str,
    *command: str,
    folder: Path,
    name: str = "snippet",
    **environment: str,
) -> str:
    """Run a snippet against the server, as a file of this name; return what it prints."""
    file = folder / name
    file.write_text(code.replace(WRITTEN_ADDRESS, server.base_url), "utf-8")
    ran = subprocess.run(
        [*command, str(file)],
        cwd=folder,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize("block", blocks("js"))
def test_javascript(server, tmp_path, block):
    needs_node()
    ended = "\nconsole.log('ran to its end');\n"
    said = run(server, block.code + ended, "node", folder=tmp_path, name="snippet.mjs")
    assert said.endswith("ran to its end\n")
    if block.code.count("console.log"):
        assert "[데모 모드]" in said or "thread_" in said


@pytest.mark.parametrize("block", blocks("python"))
def test_python(server, tmp_path, block):
    is_fragment = "client." in block.code and "client =" not in block.code
    code = _CLIENT + block.code if is_fragment else block.code
    command = (sys.executable, "-W", "ignore")
    said = run(server, code, *command, folder=tmp_path, USER_TOKEN_SECRET="s" * 32)
    assert "[데모 모드]" in said or "print(" not in code


@pytest.mark.parametrize("block", blocks("python", of_clients=True))
def test_python_of_other_clients(server, tmp_path, block):
    if "azure.ai.agents" in block.code:
        pytest.importorskip("azure.ai.agents", reason="not tested: azure-ai-agents")
    ended = "" if "print(" in block.code else "\nprint(thread.id)\n"
    said = run(server, block.code + ended, sys.executable, "-W", "ignore", folder=tmp_path)
    assert said.startswith("thread_")


@pytest.mark.parametrize("block", blocks("js", of_clients=True))
def test_javascript_of_other_clients(server, tmp_path, tmp_path_factory, block):
    installed = packages(tmp_path_factory, "openai@^6.49.0")
    (tmp_path / "node_modules").symlink_to(installed / "node_modules")
    ended = "\nconsole.log(thread.id);\n"
    said = run(server, block.code + ended, "node", folder=tmp_path, name="snippet.mjs")
    assert said.startswith("thread_")


@pytest.fixture
def called(server, server_with_key, server_with_admin, block: Block):
    """The server that a snippet is for. What it names there may be named again by the next one."""
    if "$ADMIN_KEY" in block.code:
        yield server_with_admin
        return
    called = server_with_key if KEY in block.code else server
    yield called
    if "/actions" in block.code:
        for action in called.http.get("/actions").json()["data"]:
            called.http.delete(f"/actions/{action['id']}")
    if "/notification" in block.code:
        headers = {"authorization": f"Bearer {KEY}"}
        for target in called.http.get("/notification_targets", headers=headers).json()["data"]:
            called.http.delete(f"/notification_targets/{target['id']}", headers=headers)


@pytest.mark.parametrize(("document", "block"), CURL)
def test_curl(called, tmp_path, document: Document, block: Block):
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("not tested: curl or bash is not here")
    environment = {"ADMIN_KEY": _ADMIN_KEY}
    if "$ADMIN_KEY" not in block.code:
        headers = {"authorization": f"Bearer {KEY}"}
        first = called.http.post("/chat", json={"message": "안녕하세요"}, headers=headers).json()
        environment |= {"THREAD_ID": first["thread_id"], "RUN_ID": first["run_id"]}
    if "$TARGET_ID" in block.code:
        # Nothing of this machine's network is called.
        hook = {"type": "webhook", "address": "https://127.0.0.1/hook"}
        target = called.http.post("/notification_targets", json=hook, headers=headers).json()["id"]
        path = f"/notification_targets/{target}/test"
        sent = called.http.post(path, headers=headers).json()["id"]
        environment |= {"TARGET_ID": target, "NOTIFICATION_ID": sent}
    # A refusal is a failure of the command, and ends the snippet.
    strict = 'set -e\ncurl() { command curl --fail-with-body --silent --show-error "$@"; }\n'
    said = run(called, strict + block.code, "bash", folder=tmp_path, **environment)
    assert "event: " in said if " -N " in block.code else all(answers_in(said))


def answers_in(said: str) -> list:
    """Return the answers of one call after the other."""
    answers = []
    while rest := said.lstrip():
        answer, end = json.JSONDecoder().raw_decode(rest)
        answers.append(answer)
        said = rest[end:]
    assert answers
    return answers


def test_every_document_with_code_for_programs_is_run():
    """A document whose snippets move elsewhere must not leave this test empty."""
    named = {document.name for document in MANUAL for block in document.blocks if calls_of(block)}
    places = ("clients", "streaming", "assistants", "tools", "access", "moving")
    expected = {f"{folder}/{place}.md" for folder in ("docs", "docs/ko") for place in places}
    assert named == expected | {"README.md", "README.ko.md"}


@pytest.mark.parametrize("language", ["json", "yaml"])
def test_data_is_well_formed(language):
    for document in MANUAL:
        for block in document.blocks:
            if block.language != language:
                continue
            # `…` stands for what was left out.
            whole = re.sub(r",…(?=})|{…}", "", block.code) if language == "json" else block.code
            whole = whole.replace('"usage":}', '"usage":{}}')
            parsed = json.loads(whole) if language == "json" else yaml.safe_load(whole)
            assert parsed
