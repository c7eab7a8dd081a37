"""npm packages for tests, installed outside the repository, once for all workers of a run."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support.waiting import wait_until

_OPTIONS = ("--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
_INSTALL_SECONDS = 200.0


def packages(factory: pytest.TempPathFactory, *names: str) -> Path:
    """Return a folder whose `node_modules` contains the packages (`newman@^6.2`).

    Skips the test if node, npm or the registry is missing.
    """
    folder = "-".join(name.lstrip("@").partition("@")[0].replace("/", "-") for name in names)
    return _once(factory, folder, lambda into: _npm(into, *names))


def project(factory: pytest.TempPathFactory, source: Path) -> Path:
    """Return a copy of the project, with the packages in its `package.json` installed.

    Skips as `packages` does.
    """

    def prepare(into: Path) -> str:
        left_out = shutil.ignore_patterns("node_modules", "dist", "package-lock.json")
        shutil.copytree(source, into, ignore=left_out, dirs_exist_ok=True)
        return _npm(into)

    return _once(factory, source.name, prepare)


def locked(factory: pytest.TempPathFactory, source: Path) -> Path:
    """Return a copy of a folder, with exactly the packages in its `package-lock.json` installed.

    npm checks each package against its hash there. Skips as `packages` does.
    """

    def prepare(into: Path) -> str:
        left_out = shutil.ignore_patterns("node_modules")
        shutil.copytree(source, into, ignore=left_out, dirs_exist_ok=True)
        return _npm(into, command="ci")

    return _once(factory, source.name, prepare)


def run_node(
    folder: Path,
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    seconds: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run node in the folder, with these variables added to this process's environment."""
    return subprocess.run(
        ["node", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=seconds,
        check=False,
    )


def needs_node() -> None:
    """Skip the test if node is missing."""
    if shutil.which("node") is None:
        pytest.skip("not tested: node is not here")


def _once(factory: pytest.TempPathFactory, name: str, prepare: Callable[[Path], str]) -> Path:
    """Return the folder, which the first process prepares; skip the test if that failed."""
    needs_node()
    base = factory.getbasetemp()
    # The workers of a run have separate folders in the same parent.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, outcome = shared / "node" / name, shared / "node" / f"{name}.json"
    folder.parent.mkdir(exist_ok=True)
    try:
        folder.mkdir()
    except FileExistsError:
        wait_until(outcome.exists, _INSTALL_SECONDS + 10)
    else:
        written = outcome.with_suffix(".new")
        written.write_text(json.dumps(prepare(folder)), "utf-8")
        written.replace(outcome)
    if failure := json.loads(outcome.read_text("utf-8")):
        pytest.skip(f"not tested: {failure}")
    return folder


def _npm(folder: Path, *names: str, command: str = "install") -> str:
    """Install, and return why that failed; empty if it succeeded."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not here"
    if not names and not (folder / "package.json").exists():
        return f"{folder.name} has no package.json"
    try:
        ran = subprocess.run(
            [npm, command, *_OPTIONS, *names],
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"npm did not install {folder.name} in time"
    if not ran.returncode:
        return ""
    faults = [line.removeprefix("npm error ") for line in ran.stderr.splitlines()]
    return "npm: " + " ".join(line for line in faults if not line.startswith("npm "))[:300]
