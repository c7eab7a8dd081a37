"""Downloads a file to standard output, or to a local file that appears complete or not at all."""

import re
import sys
from pathlib import Path

import httpx

from app.terminal.client import path_of
from app.terminal.command import Terminal
from app.terminal.language import Said
from app.terminal.options import check_free, is_screen, not_written
from app.terminal.upload import byte_progress

# Characters that some systems don't allow in file names.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_SAVED = Said("Saved to {path}.", "{path}에 저장했습니다.")


def download(terminal: Terminal, file_id: str, output: Path | None, *, force: bool) -> None:
    """Download a file; without `output`, into the current folder under the file's own name."""
    if output is not None and is_screen(output):
        with terminal.client.raw("GET", path_of("files", file_id, "content")) as response:
            for chunk in response.iter_bytes():
                sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        return
    known = terminal.client.get(path_of("files", file_id))
    target = output or Path(safe_name(str(known.get("filename")), file_id))
    check_free(target, force=force)
    with terminal.client.raw("GET", path_of("files", file_id, "content")) as response:
        try:
            _save(terminal, response, target, int(known.get("bytes") or 0))
        except OSError as error:
            raise not_written(target, error) from error
    terminal.note(_SAVED.filled(path=target))


def safe_name(name: str, file_id: str) -> str:
    """Return a file's name without folders or characters that file systems may refuse."""
    plain = _UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).strip(" .")
    return plain or file_id


def _save(terminal: Terminal, response: httpx.Response, target: Path, size: int) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file, byte_progress(terminal) as progress:
            task = progress.add_task(target.name, total=size)
            for chunk in response.iter_bytes():
                file.write(chunk)
                progress.advance(task, len(chunk))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
