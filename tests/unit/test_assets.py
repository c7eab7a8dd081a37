"""The browser libraries: fetched from a registry, checked, and put in place whole or not at all."""

import base64
import hashlib
import importlib.util
import io
import json
import os
import tarfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = "app/static/vendor"
LIBRARY = {"package/lib/a.js": b"export const a = '\xea\xb0\x80';", "package/LICENSE": b"MIT"}


class Registry:
    """An npm registry on loopback, with the tarballs that a test puts into it."""

    def __init__(self) -> None:
        self.tarballs: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.cut = False
        self.failures = 0
        self.together = threading.Barrier(1)
        self.url = ""

    def add(self, name: str, tarball: bytes, version: str = "1.0.0") -> dict[str, Any]:
        """Offer the tarball; return what the lock says of it."""
        self.tarballs[f"/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"] = tarball
        digest = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
        files = {"a.js": "package/lib/a.js", "deep/LICENSE.txt": "package/LICENSE"}
        return {"version": version, "integrity": f"sha512-{digest}", "files": files}

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        self.together.wait(timeout=20)
        content = self.tarballs.get(handler.path)
        if self.failures:
            self.failures -= 1
            handler.send_error(503)
        elif content is None:
            handler.send_error(404)
        else:
            handler.send_response(200)
            handler.send_header("content-length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content[: len(content) // 2] if self.cut else content)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    offered = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            offered.answer(self)

        def log_message(self, *_: object) -> None:
            """Keep the console for what fails."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        offered.url = f"http://127.0.0.1:{server.server_port}"
        # With the slash that many write at the end.
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{offered.url}/")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield offered
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fetch", ROOT / "scripts/fetch_assets.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module)["RETRY_AFTER_SECONDS"] = (0.0, 0.0)
    return module


def tarball(files: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def lock(root: Path, packages: dict[str, Any], folder: str = FOLDER) -> None:
    (root / "assets.lock.json").write_text(json.dumps({folder: packages}), "utf-8")


def tree(root: Path) -> dict[str, bytes]:
    """Return every file there is, hidden ones too, but the lock and the receipts."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != "assets.lock.json"
    }


HELD = {
    f"{FOLDER}/a.js": LIBRARY["package/lib/a.js"],
    f"{FOLDER}/deep/LICENSE.txt": LIBRARY["package/LICENSE"],
}


def test_the_named_files_are_fetched_and_nothing_else(script, registry, tmp_path, capsys):
    package = registry.add("@scope/lib", tarball({**LIBRARY, "package/other.js": b"no"}))
    lock(tmp_path, {"@scope/lib": package})
    assert script.main(["--root", str(tmp_path)]) == 0
    assert tree(tmp_path) == HELD
    assert "@scope/lib 1.0.0" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_others_may_read_them(script, registry, tmp_path):
    """The image's user isn't the one who fetched them."""
    lock(tmp_path, {"lib": registry.add("lib", tarball(LIBRARY))})
    before = os.umask(0o022)
    try:
        assert script.main(["--root", str(tmp_path)]) == 0
    finally:
        os.umask(before)
    for path in (tmp_path / FOLDER, *(tmp_path / FOLDER).rglob("*")):
        assert path.stat().st_mode & 0o044 == 0o044, path


def test_what_is_there_needs_no_network(script, registry, tmp_path, capsys):
    lock(tmp_path, {"lib": registry.add("lib", tarball(LIBRARY))})
    assert script.main(["--root", str(tmp_path)]) == 0
    capsys.readouterr()
    registry.tarballs.clear()
    assert script.main(["--root", str(tmp_path)]) == 0
    assert len(registry.asked) == 1
    assert capsys.readouterr().err == ""


def test_a_file_that_was_removed_is_fetched_again(script, registry, tmp_path):
    lock(tmp_path, {"lib": registry.add("lib", tarball(LIBRARY))})
    assert script.main(["--root", str(tmp_path)]) == 0
    (tmp_path / FOLDER / "a.js").unlink()
    assert script.main(["--root", str(tmp_path)]) == 0
    assert tree(tmp_path) == HELD


def test_another_version_replaces_the_whole_folder(script, registry, tmp_path):
    lock(tmp_path, {"lib": registry.add("lib", tarball(LIBRARY))})
    assert script.main(["--root", str(tmp_path)]) == 0
    newer = registry.add("lib", tarball({"package/b.js": b"new"}), "2.0.0")
    lock(tmp_path, {"lib": newer | {"files": {"b.js": "package/b.js"}}})
    assert script.main(["--root", str(tmp_path)]) == 0
    assert tree(tmp_path) == {f"{FOLDER}/b.js": b"new"}


def test_tests_have_libraries_of_their_own(script, registry, tmp_path):
    lock(tmp_path, {"lib": registry.add("lib", tarball(LIBRARY))}, "tests/vendor")
    assert script.main(["--root", str(tmp_path)]) == 0
    assert tree(tmp_path) == {}
    assert script.main(["--root", str(tmp_path), "--dev"]) == 0
    assert "tests/vendor/a.js" in tree(tmp_path)


def refused(script, root: Path, capsys) -> str:
    """Fetch, which fails and changes nothing; return what is said."""
    before = tree(root)
    assert script.main(["--root", str(root)]) == 1
    assert tree(root) == before
    assert not list(root.rglob(".vendor-*"))
    said: str = capsys.readouterr().err
    assert "the API works without them" in said
    assert "Traceback" not in said
    return said


@pytest.fixture(params=["nothing there yet", "another version there"])
def root(request, script, registry, tmp_path, capsys) -> Path:
    """A project without the libraries, and one that has them in an older version."""
    if request.param == "another version there":
        lock(tmp_path, {"lib": registry.add("lib", tarball(LIBRARY), "0.1.0")})
        assert script.main(["--root", str(tmp_path)]) == 0
        registry.asked.clear()
        capsys.readouterr()
    return tmp_path


def test_other_bytes_than_the_locks_are_refused(script, registry, root, capsys):
    package = registry.add("lib", tarball(LIBRARY))
    registry.add("lib", tarball({**LIBRARY, "package/lib/a.js": b"steal()"}))
    lock(root, {"lib": package})
    said = refused(script, root, capsys)
    assert "lib 1.0.0" in said and "integrity" in said
    assert len(registry.asked) == 1


def test_a_download_that_breaks_off_is_tried_again_and_refused(script, registry, root, capsys):
    lock(root, {"lib": registry.add("lib", tarball(LIBRARY))})
    registry.cut = True
    assert "lib 1.0.0 could not be fetched" in refused(script, root, capsys)
    assert len(registry.asked) == 3


def test_nothing_of_a_folder_comes_without_the_rest(script, registry, root, capsys):
    first = registry.add("first", tarball(LIBRARY))
    second = {"version": "3.0.0", "integrity": "sha512-", "files": {"c.js": "package/c.js"}}
    lock(root, {"first": first, "second": second})
    assert "second 3.0.0 could not be fetched: 127.0.0.1 answered 404" in refused(
        script, root, capsys
    )
    # It is not there, so asking again would not help.
    assert len(registry.asked) == 2


def test_a_short_failure_of_the_registry_is_outlived(script, registry, root):
    lock(root, {"lib": registry.add("lib", tarball(LIBRARY))})
    registry.failures = 2
    assert script.main(["--root", str(root)]) == 0
    assert tree(root) == HELD


def test_a_registry_that_is_not_there(script, root, registry, monkeypatch, capsys):
    lock(root, {"lib": registry.add("lib", tarball(LIBRARY))})
    # Nobody listens on port 1; the password in the address is nobody's business.
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://me:secret@127.0.0.1:1")
    assert "secret" not in refused(script, root, capsys)


@pytest.mark.parametrize("registry_url", ["file:///etc", "registry.example.org"])
def test_a_registry_is_reached_over_http(script, root, registry, monkeypatch, capsys, registry_url):
    lock(root, {"lib": registry.add("lib", tarball(LIBRARY))})
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", registry_url)
    assert "NPM_CONFIG_REGISTRY must be" in refused(script, root, capsys)


def test_names_in_a_tarball_lead_nowhere(script, registry, tmp_path):
    evil = {"../evil.js": b"x", "/evil.js": b"x", "package/../../evil.js": b"x"}
    lock(tmp_path, {"lib": registry.add("lib", tarball(evil | LIBRARY))})
    assert script.main(["--root", str(tmp_path)]) == 0
    assert tree(tmp_path) == HELD


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_a_link_in_a_tarball_is_refused(script, registry, root, capsys, kind):
    link = tarfile.TarInfo("package/lib/a.js")
    link.type, link.linkname = kind, "package/LICENSE"
    packed = tarball({"package/LICENSE": b"MIT", "package/lib/a.js": link})
    lock(root, {"lib": registry.add("lib", packed)})
    assert "package/lib/a.js in its tarball is not a plain file" in refused(script, root, capsys)


def test_a_file_that_the_tarball_lacks(script, registry, root, capsys):
    lock(root, {"lib": registry.add("lib", tarball({"package/LICENSE": b"MIT"}))})
    assert "lib 1.0.0: its tarball has no file package/lib/a.js" in refused(script, root, capsys)


def test_what_is_no_tarball(script, registry, root, capsys):
    lock(root, {"lib": registry.add("lib", b"<html>Please log in</html>")})
    assert "lib 1.0.0: its tarball can't be read" in refused(script, root, capsys)


@pytest.mark.parametrize("path", ["../a.js", "/a.js", "b/../../a.js", "..\\a.js", "C:a.js", ""])
def test_the_lock_writes_only_below_its_folder(script, registry, root, capsys, path):
    package = registry.add("lib", tarball(LIBRARY)) | {"files": {path: "package/LICENSE"}}
    lock(root, {"lib": package})
    assert "outside its folder" in refused(script, root, capsys)


def test_all_that_fetch_at_once_succeed(script, registry, root):
    lock(root, {"lib": registry.add("lib", tarball(LIBRARY))})
    registry.together = threading.Barrier(8)
    with ThreadPoolExecutor(8) as executor:
        answers = list(executor.map(lambda _: script.main(["--root", str(root)]), range(8)))
    assert answers == [0] * 8
    assert len(registry.asked) == 8
    assert tree(root) == HELD
    assert not list(root.rglob(".vendor-*"))


def test_the_projects_lock_is_complete():
    """Every package of it is pinned, comes with its licence, and stays out of the repository."""
    folders = json.loads((ROOT / "assets.lock.json").read_text("utf-8"))
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    for folder, packages in folders.items():
        assert f"/{folder}/" in ignored
        for name, package in packages.items():
            assert len(base64.b64decode(package["integrity"].removeprefix("sha512-"))) == 64
            assert package["version"][0].isdigit() and package["license"]
            assert any("LICENSE" in path for path in package["files"]), name
