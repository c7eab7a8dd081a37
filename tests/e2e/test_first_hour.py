"""What somebody meets who starts it for the first time: run.sh, the first lines, slips in .env."""

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from app.terminal.command_line import app
from tests.support.server import ProcessServer, process_server
from tests.support.terminal import run
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
SHELLS = [shell for shell in ("dash", "bash", "sh") if shutil.which(shell)]


def run_sh(*arguments: str, shell: str = "sh", **environment: str):
    """Run it with nothing on the PATH that could install something."""
    return subprocess.run(
        [shutil.which(shell) or shell, str(ROOT / "run.sh"), *arguments],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHON": "/nonexistent", **environment},
        check=False,
    )


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_says_what_there_is(shell, word):
    shown = run_sh(word, shell=shell)
    assert (shown.returncode, shown.stderr) == (0, "")
    for command in ("chat", "doctor", "test", "setup"):
        assert f"./run.sh {command}" in shown.stdout
    assert "사용법" in run_sh(word, shell=shell, LANG="ko_KR.UTF-8").stdout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tset"], "unknown command: tset"),
        (["--debug"], "unknown command: --debug"),
        (["serve", "8080"], "the server takes no arguments, got: 8080"),
        (["setup", "now"], "setup takes no arguments, got: now"),
    ],
)
def test_what_it_does_not_know_is_refused_with_the_list(shell, arguments, said):
    refused = run_sh(*arguments, shell=shell)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"run.sh: {said}")
    assert "./run.sh doctor" in refused.stderr


def test_it_knows_every_command_of_the_terminal():
    script = (ROOT / "run.sh").read_text("utf-8")
    (listed,) = re.findall(r"^    (assistants(?: \| \w+)+)\)$", script, re.MULTILINE)
    commands = {group.name for group in app.registered_groups} | {
        command.name for command in app.registered_commands
    }
    assert commands - {"serve"} <= {*listed.split(" | ")}
    for command in listed.split(" | "):
        assert f"./run.sh {command}" in run_sh("--help").stdout


def test_the_first_lines_name_the_pages(tmp_path):
    settings = {"ROOT_PATH": "/openai-api", "ALLOW_OPEN": "true", "OPENAI_API_KEY": ""}
    with process_server(tmp_path, **settings, OPENAI_BASE_URL="") as server:
        line = wait_until(lambda: re.search(r"INFO serving (.*) logger=", server.log))
        assert line is not None
        base = f"{server.base_url}/openai-api"
        assert line[1] == (
            f"chat_page={base}/chat console={base}/console docs={base}/docs "
            f"widget_demo={base}/widget/demo model=demo"
        )
        assert server.http.get(f"{base}/chat").status_code in (200, 503)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en_US.UTF-8", "on 127.0.0.1 is in use by another program"),
        ("ko_KR.UTF-8", "다른 프로그램이 쓰고 있습니다"),
    ],
)
def test_a_taken_port_is_named_with_what_to_do(tmp_path, language, said):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        server = ProcessServer(tmp_path, PORT=str(port), LC_ALL=language)
        # Not 2: systemd starts it again, for the port may be free by then.
        assert server.wait() == 1
    (line,) = server.log.splitlines()
    assert line.startswith("PORT: ") and str(port) in line and said in line
    assert f"PORT={port + 1}" in line
    assert not (tmp_path / "data").exists()


def test_slips_in_the_env_file_are_warned_of_without_their_values(tmp_path):
    lines = ["API_KEY=a-secret-of-a-slip", "otel_x=1", "SERVER_NAME=x", "NOTHING_LIKE_IT=1"]
    (tmp_path / ".env").write_text("\ufeff" + "\n".join(lines), "utf-8")
    with process_server(tmp_path) as server:
        warned = [line for line in server.log.splitlines() if "there is no setting" in line]
    assert len(warned) == 2
    assert "API_KEY; did you mean API_KEYS?" in warned[0]
    assert "NOTHING_LIKE_IT; .env.example" in warned[1]
    assert "a-secret-of-a-slip" not in server.log


@pytest.mark.parametrize("lines", [["PORT={port}"], ["HOST=0.0.0.0", "PORT={port}"]])
def test_the_terminal_finds_the_server_by_the_env_file(tmp_path, monkeypatch, lines):
    with process_server(tmp_path) as server:
        port = server.base_url.rpartition(":")[2]
        monkeypatch.chdir(tmp_path)
        for name in ("HOST", "PORT"):
            monkeypatch.delenv(name, raising=False)
        (tmp_path / ".env").write_text("\n".join(lines).format(port=port), "utf-8")
        found = run("assistants", "list", "--json")
        assert found.exit_code == 0, found.output
        assert "asst_default" in found.stdout
        # What is said in the command wins.
        assert run("assistants", "list", url="http://127.0.0.1:1").exit_code == 1


def test_a_wrong_port_in_the_env_file_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORT", raising=False)
    (tmp_path / ".env").write_text("PORT=eighty", "utf-8")
    refused = run("usage")
    assert refused.exit_code == 2
    assert "got 'eighty'" in refused.stderr and "--url" in refused.stderr
