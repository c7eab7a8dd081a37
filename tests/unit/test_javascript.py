"""The pages' own JavaScript: TypeScript checks its types, eslint the rest.

Both are development tools, pinned in `tests/javascript/package-lock.json`; where there is no node,
npm or registry, these tests are skipped.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.api.pages import FOLDER
from tests.support.node_packages import locked, run_node

TOOLS = Path(__file__).parents[1] / "javascript"
# Every type is written out there; elsewhere TypeScript may infer `any` for a parameter.
ANNOTATED = ("static/shell/", "static/shared/calls/")
_IMPLICIT_ANY = re.compile(r"error TS70\d\d:")
_ERROR = re.compile(r"\(\d+,\d+\): error TS\d+:")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tools, and with our modules beside them; for theirs, their types."""
    tools = locked(tmp_path_factory, TOOLS)
    folder = tmp_path_factory.mktemp("checked")
    for path in tools.iterdir():
        (folder / path.name).symlink_to(path)
    shutil.copytree(FOLDER, folder / "static", ignore=shutil.ignore_patterns("vendor"))
    shutil.copytree(TOOLS / "types/vendor", folder / "static/vendor")
    return folder


def type_errors(folder: Path) -> list[str]:
    ran = tool(folder, "typescript/bin/tsc", "--pretty", "false")
    lines = ran.stdout.splitlines()
    # Something else went wrong: what was printed says what.
    assert ran.returncode == 0 or any(_ERROR.search(line) for line in lines), ran
    return [line for line in lines if not _IMPLICIT_ANY.search(line) or line.startswith(ANNOTATED)]


def tool(folder: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_node(folder, f"node_modules/{script}", *arguments, seconds=100)


def test_the_types_of_the_pages_fit_together(checked):
    assert type_errors(checked) == []


def test_the_pages_modules_are_clean(checked):
    ran = tool(checked, "eslint/bin/eslint.js", "--max-warnings", "0", "static")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_faults_are_found(checked, tmp_path):
    """The tools look at our modules, and at each with the rules that are meant for it."""
    folder = tmp_path / "faulty"
    shutil.copytree(checked, folder, symlinks=True)
    faulty = "/** @param {string} text */\nexport const half = (text) => text / 2;\nvar any;\n"
    (folder / "static/shell/faulty.js").write_text(faulty)
    (folder / "static/shell/loose.js").write_text("export const same = (value) => value;\n")
    (folder / "static/chat/loose.js").write_text("export const same = (value) => value;\n")
    assert [line.partition("(")[0] for line in type_errors(folder)] == [
        "static/shell/faulty.js",
        "static/shell/faulty.js",
        "static/shell/loose.js",
    ]
    ran = tool(folder, "eslint/bin/eslint.js", "static/shell/faulty.js")
    assert "no-var" in ran.stdout and "no-unused-vars" in ran.stdout
