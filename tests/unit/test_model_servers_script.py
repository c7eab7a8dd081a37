"""The script that installs model servers: each once, whole or not at all, and why not."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import pytest

from scripts import model_servers
from scripts.model_servers import InstallError, Part


class Filling:
    """Stands in for a build: counts, may fail, may be held up."""

    def __init__(self) -> None:
        self.times = 0
        self.command = ("sh", "-c", "echo halfway; exit 0")
        self.may_end = threading.Event()
        self.may_end.set()

    def __call__(self, part: Part, folder: Path, log: TextIO) -> None:
        self.times += 1
        assert [*folder.iterdir()] == [], "what an interrupted one left is gone"
        (folder / "program").touch()
        self.may_end.wait(30)
        model_servers._run(part, log, *self.command)


@pytest.fixture
def filling() -> Filling:
    return Filling()


@pytest.fixture
def part(filling, monkeypatch, tmp_path: Path) -> Iterator[Part]:
    monkeypatch.setenv(model_servers.CACHE_VARIABLE, str(tmp_path / "cache"))
    part = Part("server", "1.0", "a server", filling)
    monkeypatch.setattr(model_servers, "PARTS", {"server": part})
    yield part


def test_it_is_installed_once(part, filling, capsys):
    assert model_servers.main(["list", "server"]) == 1
    assert "a server: missing: python scripts/model_servers.py install server" in _said(capsys)
    assert model_servers.main(["install"]) == model_servers.main(["install", "server"]) == 0
    assert filling.times == 1 and (part.folder / "program").exists()
    assert model_servers.main(["list", "server"]) == 0
    assert "a server: installed" in _said(capsys)


def test_another_version_is_installed_beside_it(part, filling):
    model_servers.install(part)
    newer = replace(part, key="1.1")
    model_servers.install(newer)
    assert filling.times == 2 and part.is_installed() and newer.is_installed()


def test_a_failure_says_why_and_the_next_try_starts_over(part, filling, capsys):
    filling.command = ("sh", "-c", "echo no network; exit 3")
    assert model_servers.main(["install"]) == 1
    said = _said(capsys)
    assert "server could not be installed: sh ended with 3." in said and "no network" in said
    assert not part.is_installed()
    filling.command = ("true",)
    assert model_servers.main(["install"]) == 0
    assert part.is_installed()


def test_of_two_at_once_one_waits(part, filling):
    filling.may_end.clear()
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(model_servers.install, part) for _ in range(2)]
        filling.may_end.set()
        for one in both:
            one.result(60)
    assert filling.times == 1


def test_what_this_machine_lacks_is_named(part, filling, monkeypatch, capsys):
    lacking = replace(part, programs=(("no-such-compiler", "nor-this"), ("sh",)))
    monkeypatch.setattr(model_servers, "PARTS", {"server": lacking})
    # Asked for everything, it leaves out what can't be; asked for this, it fails.
    assert model_servers.main(["install"]) == 0
    assert "server skipped: it needs no-such-compiler on the PATH" in _said(capsys)
    with pytest.raises(InstallError, match="needs no-such-compiler"):
        model_servers.install(lacking)
    older = replace(part, pythons=((2, 0), (2, 1)))
    assert "needs a Python from 2.0 to before 2.1" in str(older.missing())
    assert filling.times == 0


def test_an_unknown_name_is_refused(part, capsys):
    with pytest.raises(SystemExit):
        model_servers.main(["install", "gpt"])
    assert "unknown: gpt; known are server" in _said(capsys)


def test_the_cache_is_outside_the_checkout(monkeypatch):
    monkeypatch.delenv(model_servers.CACHE_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert model_servers.cache() == Path("/caches/threadkeeper/model-servers")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert model_servers.cache() == Path.home() / ".cache/threadkeeper/model-servers"


def _said(capsys) -> str:
    captured = capsys.readouterr()
    return captured.out + captured.err
