"""What the process that reads files may read, in a clone and as an installed package."""

import sysconfig
from pathlib import Path

from app.knowledge import extraction_policy

PACKAGES = Path(sysconfig.get_path("purelib"))


def readable() -> set[Path]:
    return {path.resolve() for path in extraction_policy.policy(1 << 30, 60).readable}


def test_in_a_clone_neither_the_project_nor_what_is_above_it(monkeypatch):
    monkeypatch.setattr("sys.path", ["/opt/project", *map(str, [PACKAGES])])
    monkeypatch.setattr(extraction_policy, "_APP", Path("/opt/project/app"))
    assert not readable() & {Path("/opt/project"), Path("/opt"), Path("/")}
    assert {Path("/opt/project/app"), PACKAGES.resolve()} <= readable()


def test_an_installed_package_can_read_the_libraries_beside_it(monkeypatch):
    monkeypatch.setattr(
        extraction_policy, "_APP", PACKAGES.resolve() / "threadkeeper" / "server" / "app"
    )
    assert PACKAGES.resolve() in readable()
