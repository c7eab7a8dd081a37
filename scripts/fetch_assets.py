#!/usr/bin/env python3
"""Fetch the browser libraries that `assets.lock.json` names, each checked against its hash.

    python scripts/fetch_assets.py          what the pages need, into app/static/vendor
    python scripts/fetch_assets.py --dev    also what only tests need, into tests/vendor

The lock file lists folders, the npm packages in each folder, and the wanted files of each package:
their path in the folder, and the one in the package's tarball. A folder is replaced completely
or left unchanged; a complete folder needs no network. NPM_CONFIG_REGISTRY selects another
registry. To use a newer version, write it into the lock file, with the `integrity` that the
registry states for it.
"""

import argparse
import base64
import errno
import hashlib
import http.client
import io
import itertools
import json
import os
import ssl
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

try:
    import certifi
except ImportError:  # then only the system's own certificates are used
    certifi = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parents[1]
LOCK = "assets.lock.json"
DEV_FOLDERS = {"tests/vendor"}
REGISTRY = "https://registry.npmjs.org"

TIMEOUT_SECONDS = 30
# Pauses before the second and third attempt: network failures are often short.
RETRY_AFTER_SECONDS = (0.5, 2.0)

Package = dict[str, Any]
Packages = dict[str, Package]


class AssetsError(Exception):
    """A file can't be fetched; the message says which one and why."""


def main(arguments: list[str] | None = None) -> int:
    """Fetch what is missing; return the exit status: 1 if something is still missing."""
    parser = argparse.ArgumentParser(description="Fetch the browser libraries of the pages.")
    parser.add_argument("--dev", action="store_true", help="also fetch what only tests need")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    options = parser.parse_args(arguments)
    try:
        lock: dict[str, Packages] = json.loads((options.root / LOCK).read_text("utf-8"))
        for name, packages in lock.items():
            if options.dev or name not in DEV_FOLDERS:
                fill(options.root / _inside(name), packages)
    except (AssetsError, OSError, ValueError) as error:
        _say(str(error))
        _say(
            "the API works without them, but the pages (/chat, /docs, the widget) need these files"
        )
        _say("when the problem is fixed, restart with ./run.sh or threadkeeper serve to try again")
        return 1
    return 0


def fill(folder: Path, packages: Packages) -> None:
    """Make the folder contain exactly the packages' files.

    Raises AssetsError or OSError; the folder is then unchanged.
    """
    if is_complete(folder, packages):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    # In the parent folder, so that it can be renamed into place, which is atomic.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".vendor-") as work:
        # Not `work` itself: only its owner can read a temporary folder.
        new = Path(work, "new")
        new.mkdir()
        for name, package in packages.items():
            _say(f"fetching {name} {package['version']}")
            for path, content in fetch(name, package).items():
                target = new / _inside(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        (new / LOCK).write_text(_receipt(packages), "utf-8")
        _swap(folder, new, Path(work))


def is_complete(folder: Path, packages: Packages) -> bool:
    """Return whether the folder contains all files of the packages in these versions."""
    try:
        if (folder / LOCK).read_text("utf-8") != _receipt(packages):
            return False
    except (OSError, UnicodeDecodeError):
        return False
    paths = [path for package in packages.values() for path in package["files"]]
    return all((folder / path).is_file() for path in paths)


def fetch(name: str, package: Package) -> dict[str, bytes]:
    """Return the package's wanted files by their path in the folder.

    Raises AssetsError.
    """
    shown = f"{name} {package['version']}"
    # npm's naming of tarballs; the file name does not repeat the scope.
    path = f"{name}/-/{name.rpartition('/')[2]}-{package['version']}.tgz"
    content = _download(f"{_registry()}/{path}", shown)
    if _integrity(content) != package["integrity"]:
        raise AssetsError(
            f"{shown}: the file from {_host(_registry())} does not match the integrity in {LOCK}"
        )
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tarball:
            return {
                target: _read(tarball, member, shown) for target, member in package["files"].items()
            }
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise AssetsError(f"{shown}: its tarball can't be read: {error}") from None


def _read(tarball: tarfile.TarFile, member: str, shown: str) -> bytes:
    try:
        found = tarball.getmember(member)
    except KeyError:
        raise AssetsError(f"{shown}: its tarball has no file {member}") from None
    # Only plain files: a link in the tarball must not be followed.
    content = tarball.extractfile(found) if found.isreg() else None
    if content is None:
        raise AssetsError(f"{shown}: {member} in its tarball is not a plain file")
    return content.read()


def _download(url: str, shown: str) -> bytes:
    for seconds in (*RETRY_AFTER_SECONDS, None):
        try:
            return _get(url)
        except urllib.error.HTTPError as error:
            failure = f"{_host(url)} answered {error.code} {error.reason}"
            error.close()
            if error.code < 500 and error.code != 429:
                break
        except (OSError, http.client.HTTPException) as error:
            failure = f"{_host(url)} can't be read: {_reason(error)}"
        if seconds is not None:
            time.sleep(seconds)
    raise AssetsError(f"{shown} could not be fetched: {failure}")


def _get(url: str) -> bytes:
    context = _certificates() if url.startswith("https:") else None
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS, context=context) as answer:
        content: bytes = answer.read()
        return content


def _certificates() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if certifi is not None:
        # Python for macOS has no certificates of its own.
        context.load_verify_locations(certifi.where())
    return context


def _registry() -> str:
    registry = (os.environ.get("NPM_CONFIG_REGISTRY") or REGISTRY).rstrip("/")
    if urlsplit(registry).scheme not in ("http", "https"):
        raise AssetsError("NPM_CONFIG_REGISTRY must be an http:// or https:// URL")
    return registry


def _integrity(content: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode("ascii")


def _receipt(packages: Packages) -> str:
    return json.dumps(packages, indent=2) + "\n"


def _inside(path: str) -> Path:
    """Return the path if it stays inside the folder. Raises AssetsError."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or ":" in path:
        raise AssetsError(f"{LOCK} names a path outside its folder: {path!r}")
    return Path(*parts)


def _swap(folder: Path, new: Path, work: Path) -> None:
    for attempt in itertools.count():
        with suppress(FileNotFoundError):
            folder.rename(work / f"old-{attempt}")
        try:
            new.rename(folder)
            return
        except OSError as error:
            # Another fetch put its folder there meanwhile. It then ends, so this loop ends too.
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise


def _host(url: str) -> str:
    """Return only the host name: a URL may contain a password."""
    return urlsplit(url).hostname or "the registry"


def _reason(error: Exception) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return str(reason) or type(error).__name__


def _say(line: str) -> None:
    print(f"fetch_assets: {line}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
