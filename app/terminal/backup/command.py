"""`backup`: copies the database and the files of this folder's server while it runs."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID

from app.terminal.command import local_command
from app.terminal.failures import Failure
from app.terminal.language import Said, both
from app.terminal.screen import Screen
from app.terminal.upload import byte_progress

# The exit status of a backup that only lacks files which the server itself has lost.
_INCOMPLETE = 3
# These stop the command like Ctrl+C; Windows has no SIGHUP.
_STOP_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def register(app: typer.Typer) -> None:
    local_command(
        app,
        "backup",
        both(
            "Copy the database and the files into a new folder, while the server runs.",
            "서버가 실행되는 동안 데이터베이스와 파일을 새 폴더에 백업합니다.",
        ),
    )(_backup)


def _backup(
    screen: Screen,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            show_default=False,
            help=both(
                "The new folder to create; default: backup-TIME in the current folder.",
                "백업할 새 폴더. 기본값은 현재 폴더의 backup-(시각)입니다.",
            ),
        ),
    ] = None,
    files_only: Annotated[
        bool,
        typer.Option(
            "--files-only",
            help=both(
                "Copy only the files; for PostgreSQL, after pg_dump.",
                "파일만 백업합니다. PostgreSQL에서 pg_dump를 실행한 다음에 씁니다.",
            ),
        ),
    ] = False,
) -> None:
    # Imported here: the database library takes seconds to load, and other commands don't need it.
    from app.core.config_loading import SettingsError, load_settings  # noqa: PLC0415
    from app.terminal.backup.making import make_backup  # noqa: PLC0415

    try:
        settings = load_settings()
    except SettingsError as error:
        raise Failure(Said(str(error), str(error)), status=2) from error
    target = (output or Path(_default_name())).absolute()
    with _stoppable(), byte_progress(screen) as progress:
        made = make_backup(settings, target, _Shown(screen, progress), files_only=files_only)
    if screen.as_json:
        screen.show_json({"path": str(target)} | made.about)
    else:
        _report(screen, target, made.about)
    if made.copied.lost:
        raise typer.Exit(_INCOMPLETE)


class _Shown:
    """Shows a progress bar for each step; shows nothing if the output is not a terminal."""

    def __init__(self, screen: Screen, progress: Progress) -> None:
        self._screen = screen
        self._progress = progress
        self._step: TaskID | None = None

    def begin(self, step: Said, total: int | None = None) -> None:
        self._end()
        self._step = self._progress.add_task(self._screen.text(step), total=total)

    def set(self, done: int) -> None:
        if self._step is not None:
            self._progress.update(self._step, completed=done)

    def advance(self, size: int) -> None:
        if self._step is not None:
            self._progress.advance(self._step, size)

    def _end(self) -> None:
        # A copy may be smaller than expected.
        if self._step is not None:
            done = self._progress.tasks[self._step].completed
            self._progress.update(self._step, total=max(done, 1), completed=max(done, 1))


def _report(screen: Screen, target: Path, about: dict[str, Any]) -> None:
    said = _MADE if "threads" in about else _FILES_MADE
    numbers = {name: f"{n:,}" for name, n in about.items() if isinstance(n, int)}
    screen.write(screen.text(said.filled(path=target, **numbers)))
    if deleted := about["files_deleted_meanwhile"]:
        screen.note(_DELETED.filled(files=", ".join(deleted)))
    if lost := about["files_lost"]:
        screen.note(_LOST.filled(files=", ".join(lost)))
    screen.note(_SECRET if "threads" in about else _FILES_SECRET)


def _default_name() -> str:
    return datetime.now(UTC).astimezone().strftime("backup-%Y%m%d-%H%M%S")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Clean up before a stop signal ends the process, as Ctrl+C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_MADE = Said(
    "Backed up to {path}: {threads} threads, {messages} messages, {files} files. The database has "
    "{database_bytes} bytes, the files have {file_bytes} bytes. The copy was checked.",
    "{path}에 백업했습니다: 대화 {threads}개, 메시지 {messages}개, 파일 {files}개. 데이터베이스는 "
    "{database_bytes}바이트, 파일은 {file_bytes}바이트입니다. 복사본도 검사했습니다.",
)
_FILES_MADE = Said(
    "Backed up to {path}: {files} files, {file_bytes} bytes, without the database.",
    "{path}에 백업했습니다: 파일 {files}개, {file_bytes}바이트. 데이터베이스는 들어 있지 않습니다.",
)
_DELETED = Said(
    "Files deleted on the server during the backup, so not in it: {files}",
    "백업하는 동안 서버에서 지워져 백업에 없는 파일: {files}",
)
_LOST = Said(
    "Files in the database whose content is missing from the store or has the wrong size: {files}",
    "데이터베이스에는 있지만 저장소에 내용이 없거나 크기가 다른 파일: {files}",
)
_SECRET = Said(
    "The backup contains users' conversations and the secret that signs visitors' tokens. Keep it "
    "as safe as the server.",
    "백업에는 사용자의 대화와 방문자 토큰에 서명하는 비밀 값이 들어 있습니다. 서버만큼 안전하게 "
    "보관해 주세요.",
)
_FILES_SECRET = Said(
    "The backup contains users' files. Keep it as safe as the server.",
    "백업에는 사용자의 파일이 들어 있습니다. 서버만큼 안전하게 보관해 주세요.",
)
