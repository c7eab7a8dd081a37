"""Exports a project to a file of lines, or to an archive with the files' content.

An interrupted archive can be resumed: files that are already complete are not downloaded again.
"""

import json
import shutil
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from rich.progress import Progress, TaskID

from app.terminal.client import Client, Object, path_of
from app.terminal.failures import Refused
from app.terminal.language import Said
from app.terminal.options import check_free, is_screen, not_written
from app.terminal.screen import Screen
from app.terminal.upload import byte_progress

LINES = "export.ndjson"
FILES = "files"
ARCHIVES = (".tar.gz", ".tgz")


@dataclass
class Exported:
    """The number of objects by kind; `missing`: ids of files whose content the server lacks."""

    counts: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)


class Exporter:
    def __init__(self, client: Client, screen: Screen) -> None:
        self._client = client
        self._screen = screen

    def export(self, output: Path, *, content: bool, force: bool) -> Exported:
        """Export to `output`, an archive or a file of lines. Raises `Failure`."""
        if is_screen(output):
            return self._to_screen(content=content)
        check_free(output, force=force)
        try:
            if output.name.lower().endswith(ARCHIVES):
                return self._to_archive(output)
            part = output.with_name(f".{output.name}.part")
            result = self._write_lines(part, content=content)
            part.replace(output)
        except OSError as error:
            raise not_written(output, error) from error
        return result

    def _to_screen(self, *, content: bool) -> Exported:
        result = Exported()
        for line in self._lines(content=content):
            result.counts[kind_of(line)] += 1
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        return result

    def _to_archive(self, output: Path) -> Exported:
        folder = output.with_name(f".{output.name}.part")
        # Other users of this machine must not read it.
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / FILES).mkdir(mode=0o700, exist_ok=True)
        result = self._write_lines(folder / LINES, content=False)
        self._write_files(folder, result)
        _pack(folder, output)
        shutil.rmtree(folder)
        return result

    def _write_lines(self, path: Path, *, content: bool) -> Exported:
        result = Exported()
        with _private(path) as target, byte_progress(self._screen) as progress:
            task = progress.add_task(self._screen.text(_OBJECTS), total=None)
            for line in self._lines(content=content):
                result.counts[kind_of(line)] += 1
                target.write(line)
                progress.advance(task, len(line))
        return result

    def _lines(self, *, content: bool) -> Iterator[bytes]:
        path = "/export?bytes=true" if content else "/export"
        with self._client.raw("GET", path) as response:
            begun = b""
            for piece in response.iter_bytes():
                *lines, begun = (begun + piece).split(b"\n")
                for line in lines:
                    yield line + b"\n"

    def _write_files(self, folder: Path, result: Exported) -> None:
        with byte_progress(self._screen) as progress:
            size = sum(int(file["bytes"]) for file in _files_in(folder / LINES))
            task = progress.add_task(self._screen.text(_CONTENT), total=size)
            for file in _files_in(folder / LINES):
                target = folder / FILES / str(file["id"])
                if not self._fetch(file, target, progress, task):
                    result.missing.append(str(file["id"]))

    def _fetch(self, file: Object, target: Path, progress: Progress, task: TaskID) -> bool:
        if target.exists() and target.stat().st_size == file["bytes"]:
            progress.advance(task, int(file["bytes"]))
            return True
        part = target.with_name(f".{target.name}.part")
        path = path_of("files", str(file["id"]), "content")
        try:
            with self._client.raw("GET", path) as response, _private(part) as content:
                for piece in response.iter_bytes():
                    content.write(piece)
                    progress.advance(task, len(piece))
        except Refused as refusal:
            # It was deleted meanwhile, or its content was never imported.
            if refusal.http_status != 404:
                raise
            return False
        part.replace(target)
        return True


def kind_of(line: bytes) -> str:
    """Return the kind of the object in a line."""
    return str(json.loads(line)["object"])


def _files_in(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            one = json.loads(line)
            # Files come first.
            if one["object"] != "file":
                return
            yield one


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    with path.open("wb") as target:
        path.chmod(0o600)
        yield target


def _pack(folder: Path, output: Path) -> None:
    part = output.with_name(f".{output.name}.tmp")
    root = output.name.split(".")[0] or "export"
    with tarfile.open(part, "w:gz") as archive:
        part.chmod(0o600)
        # The lines come first, so that an import can read the archive in one pass.
        archive.add(folder / LINES, f"{root}/{LINES}")
        for path in sorted((folder / FILES).iterdir()):
            if not path.name.startswith("."):
                archive.add(path, f"{root}/{FILES}/{path.name}")
    part.replace(output)


_OBJECTS = Said("Objects", "객체")
_CONTENT = Said("Files", "파일")
