"""Which of the pages' modules may know of which."""

import re
from pathlib import Path

import pytest

from app.api.pages import FOLDER

# What a folder's modules may import from.
ALLOWED = {
    "shared": {"shared", "shared/calls", "vendor"},
    "shared/calls": {"shared", "shared/calls"},
    "shell": {"shared", "shared/calls", "shell"},
    "chat": {"shared", "shared/calls", "shell", "chat"},
    "widget": {"shared", "shared/calls", "widget"},
    "console/pieces": {"shared", "shared/calls", "shell", "console", "console/pieces"},
    "console": {"shared", "shell", "console", "console/pieces"},
}
VIEWS = [path.name for path in sorted((FOLDER / "console/views").iterdir())]
# A view knows the console, not other views; only the list of views knows each.
ALLOWED["console"] |= {f"console/views/{view}" for view in VIEWS}
ALLOWED |= {
    f"console/views/{view}": {
        *("shared", "shared/calls", "shell", "console/pieces", "console", f"console/views/{view}")
    }
    for view in VIEWS
}
_IMPORT = re.compile(r"""(?:^|\s)(?:import|from|import\()\s*\(?["'](\.[^"']+)["']""", re.MULTILINE)


def modules(folder: str) -> list[Path]:
    found = sorted((FOLDER / folder).glob("*.js"))
    assert found
    return found


@pytest.mark.parametrize("folder", ALLOWED)
def test_imports_run_one_way(folder):
    for module in modules(folder):
        for name in _IMPORT.findall(module.read_text("utf-8")):
            target = (module.parent / name).resolve().relative_to(FOLDER)
            assert target.parent.as_posix() in ALLOWED[folder], f"{module.name} imports {name}"


def test_only_the_list_of_views_knows_them():
    for module in modules("console"):
        if module.name != "registered.js":
            names = _IMPORT.findall(module.read_text("utf-8"))
            assert not [name for name in names if "/views/" in name], module.name


@pytest.mark.parametrize("folder", ["shared", "shared/calls", "shell"])
def test_imports_are_seen(folder):
    """A pattern that finds nothing would let everything pass."""
    assert any(_IMPORT.search(module.read_text("utf-8")) for module in modules(folder))


@pytest.mark.parametrize("tool", ["code_interpreter", "file_search"])
def test_a_tool_is_named_in_its_own_module_alone(tool):
    own = {f"shared/calls/{tool}.js", "shared/calls/registered.js"}
    named = {
        path.relative_to(FOLDER).as_posix()
        for path in FOLDER.rglob("*.js")
        if "vendor" not in path.parts and tool in path.read_text("utf-8")
    }
    assert named == own
