"""run.sh and the code interpreter's environment, with a Python that only pretends to install."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = """#!/bin/sh
case "$*" in
    "-m venv"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
    *"-m pip install"*)
        echo "$*" >>pip.log
        if [ -n "${PIP_FAILS:-}" ]; then echo "ERROR: no network"; exit 1; fi
        ;;
    *font_manager*) mkdir -p "$MPLCONFIGDIR" ;;
    main.py) echo served ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose server is installed, so that only the interpreter is missing."""
    for name in (
        "run.sh",
        "requirements.txt",
        "requirements-interpreter.txt",
        "requirements-embeddings.txt",
    ):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(python, tmp_path / ".venv" / "bin" / "python")
    shutil.copy(tmp_path / "requirements.txt", tmp_path / ".venv" / "installed-requirements.txt")
    return tmp_path


def serve(clone: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        ["sh", str(clone / "run.sh")],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(clone / "python"), **environment},
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "served\n"), done.stderr
    return done


def test_the_environment_is_installed_once(clone):
    assert "installed requirements-interpreter.txt" in serve(clone).stderr
    assert (clone / ".venv-interpreter" / "share" / "matplotlib").is_dir()
    assert serve(clone).stderr == ""
    [command] = (clone / "pip.log").read_text().splitlines()
    assert command.endswith("-r requirements-interpreter.txt")


def test_a_failure_is_reported_and_the_server_starts(clone):
    said = serve(clone, PIP_FAILS="1").stderr
    assert "ERROR: no network" in said
    assert "continuing without the code interpreter" in said
    # The next start tries again.
    assert "installed requirements-interpreter.txt" in serve(clone).stderr


def test_nothing_is_installed_if_it_is_off(clone):
    assert serve(clone, CODE_INTERPRETER="off").stderr == ""
    (clone / ".env").write_text('PORT=1\nCODE_INTERPRETER = "off"\n')
    assert serve(clone).stderr == ""
    assert not (clone / ".venv-interpreter").exists()
    # The environment wins over the file.
    assert "installed" in serve(clone, CODE_INTERPRETER="auto").stderr


def test_the_built_in_embedding_model_is_installed_if_it_is_asked_for(clone):
    assert "requirements-embeddings.txt" not in serve(clone, CODE_INTERPRETER="off").stderr
    (clone / ".env").write_text("EMBEDDING_MODEL=builtin\nCODE_INTERPRETER=off\n")
    said = serve(clone, PIP_FAILS="1").stderr
    assert "continuing without search by meaning" in said
    assert "installed requirements-embeddings.txt" in serve(clone).stderr
    assert serve(clone).stderr == ""
    assert serve(clone, EMBEDDING_MODEL="").stderr == ""
