"""Exports a person's threads and files to a folder or a .tar.gz.

`threads.ndjson` has the API's objects, one per line: who a signed-in visitor is; each thread, then
its messages, their ratings, its summary, the request for a person, who the visitor is, its runs and
their steps; `files.ndjson` has the files, whose content is in `files/`. An interrupted export can
be resumed: files that are already complete are not downloaded again.
"""

import json
import shutil
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from app.terminal.belongings import Counts, find_file, objects_of
from app.terminal.client import Object, path_of
from app.terminal.command import Terminal
from app.terminal.download import safe_name
from app.terminal.failures import Failure
from app.terminal.language import Said
from app.terminal.options import check_free, not_written

_THREADS = "threads.ndjson"
_BEGUN = f".{_THREADS}.part"
_FILES = "files.ndjson"
_ARCHIVES = (".tar.gz", ".tgz")
# Characters. With the id before it, a name fits into the limits of file systems, even in Korean.
_LONGEST_NAME = 60


@dataclass
class Exported:
    """What was exported; `missing` are the ids of files that the server no longer has."""

    counts: Counts = field(default_factory=Counts)
    files: int = 0
    missing: list[str] = field(default_factory=list)

    @property
    def found(self) -> bool:
        """Whether anything is known of the person."""
        return self.counts.threads > 0 or self.counts.visitors > 0


def export(terminal: Terminal, query: Object, output: Path, *, force: bool) -> Exported:
    """Export what matches `query`. Raises `Failure`."""
    packed = output.name.lower().endswith(_ARCHIVES)
    folder = output.with_name(f".{output.name}.part") if packed else output
    if packed:
        check_free(output, force=force)
    else:
        _check_folder(folder)
    try:
        result = _write(terminal, query, folder)
        if packed and result.found:
            _pack(folder, output)
            shutil.rmtree(folder)
    except OSError as error:
        raise not_written(output, error) from error
    return result


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise Failure(_NO_FOLDER.filled(path=folder))
    begun = (folder / _BEGUN).exists()
    if not begun and folder.is_dir() and any(folder.iterdir()):
        raise Failure(_NOT_EMPTY.filled(path=folder))


def _write(terminal: Terminal, query: Object, folder: Path) -> Exported:
    made = not folder.exists()
    # Other users of this machine must not read it.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / _BEGUN
    result = Exported()
    with part.open("w", encoding="utf-8") as lines:
        for one in objects_of(terminal.client, query, steps=True):
            result.counts.add(one)
            lines.write(_line(one))
    if not result.found:
        part.unlink()
        if made:
            folder.rmdir()
        return result
    _write_files(terminal, folder, result)
    # Last: as long as the part file exists, the next export resumes.
    part.replace(folder / _THREADS)
    return result


def _write_files(terminal: Terminal, folder: Path, result: Exported) -> None:
    (folder / "files").mkdir(mode=0o700, exist_ok=True)
    written: set[str] = set()
    with (folder / _FILES).open("w", encoding="utf-8") as lines:
        for file_id in sorted(result.counts.files):
            known = find_file(terminal.client, file_id)
            if known is None:
                result.missing.append(file_id)
                continue
            name = safe_name(str(known.get("filename")), file_id)
            target = folder / "files" / f"{safe_name(file_id, 'file')}-{name[-_LONGEST_NAME:]}"
            _fetch(terminal, known, target)
            lines.write(_line({**known, "path": f"files/{target.name}"}))
            written.add(target.name)
    for path in (folder / "files").iterdir():
        # Left over from an interrupted export of somebody else.
        if path.name not in written:
            path.unlink()
    result.files = len(written)


def _fetch(terminal: Terminal, known: Object, target: Path) -> None:
    if target.exists() and target.stat().st_size == known.get("bytes"):
        return
    part = target.with_name(f".{target.name}.part")
    path = path_of("files", str(known["id"]), "content")
    with terminal.client.raw("GET", path) as response, part.open("wb") as file:
        for chunk in response.iter_bytes():
            file.write(chunk)
    part.replace(target)


def _pack(folder: Path, output: Path) -> None:
    part = output.with_name(f".{output.name}.tmp")
    with tarfile.open(part, "w:gz") as archive:
        root = safe_name(output.name.split(".")[0], "person")
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.add(path, f"{root}/{path.relative_to(folder)}", recursive=False)
    part.chmod(0o600)
    part.replace(output)


def _line(one: Object) -> str:
    return json.dumps(one, ensure_ascii=False) + "\n"


_NO_FOLDER = Said(
    "{path} is a file. Give a folder, or a file name that ends in .tar.gz.",
    "파일입니다: {path}. 폴더나 .tar.gz로 끝나는 파일 이름을 지정해 주세요.",
)
_NOT_EMPTY = Said(
    "{path} is not empty. Give the name of a new folder.",
    "{path} 폴더가 비어 있지 않습니다. 새 폴더를 지정해 주세요.",
)
