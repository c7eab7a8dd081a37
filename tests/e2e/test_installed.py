"""The package that `pip install` makes, laid out as its wheel is and run from another folder."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app import __version__
from tests.support.manual import ROOT
from tests.support.server import ProcessServer

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
WHEEL = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
LAUNCHER = """\
import runpy, sys
sys.argv[1:] = ["serve"]
runpy.run_module("threadkeeper", run_name="__main__")
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """The environment in which the package is found, and nothing is downloaded."""
    site = tmp_path_factory.mktemp("site")
    for source, target in WHEEL.items():
        place = site / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            left_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / source, place, ignore=left_out, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / source, place)
    return {"PYTHONPATH": str(site), "NPM_CONFIG_REGISTRY": "http://127.0.0.1:1"}


@pytest.fixture
def run(environment, tmp_path):
    """Run Python with the package, in an empty folder."""

    def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, **environment, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return run_python


def test_the_command_has_the_name_and_version_of_the_package(run):
    assert run("-m", "threadkeeper", "--version").stdout == f"Threadkeeper {__version__}\n"
    assert "Usage: threadkeeper [OPTIONS]" in run("-m", "threadkeeper", "--help").stdout
    assert run("-c", "import threadkeeper; print(threadkeeper.__version__)").stdout == (
        f"{__version__}\n"
    )


def test_no_other_program_finds_the_package_called_app(run):
    assert "No module named 'app'" in run("-c", "import app").stderr


def test_the_entry_point_is_in_the_wheel():
    module, function = PROJECT["project"]["scripts"]["threadkeeper"].split(":")
    assert f"{module.replace('.', '/')}.py" in WHEEL.values()
    assert f"def {function}(" in (ROOT / "scripts" / "installed_command.py").read_text("utf-8")


def test_it_serves_from_any_folder(environment, tmp_path: Path):
    class Installed(ProcessServer):
        main = tmp_path / "launcher.py"

    Installed.main.write_text(LAUNCHER, "utf-8")
    server = Installed(tmp_path, **environment, OPENAI_API_KEY="", OPENAI_BASE_URL="")
    try:
        server.wait_ready()
        assert server.http.get("/health").json()["version"] == __version__
        assert "[Demo model]" in server.http.post("/chat", json={"message": "hi"}).json()["message"]
        for page in ("readme", "static/shared/client.js"):
            assert server.http.get(f"{server.base_url}/{page}").status_code == 200
        # Without the libraries that are fetched it says so.
        assert server.http.get(f"{server.base_url}/chat").status_code in (200, 503)
        assert (tmp_path / "data" / "threadkeeper.db").is_file()
    finally:
        server.kill()
