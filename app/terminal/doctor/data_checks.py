"""Where things are kept: the database, the store of files, the log, and room for them."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from app.core.checks import probe_store
from app.core.config import Settings
from app.core.object_store import StorageError
from app.db.checks import DatabaseFault, SchemaState, look_at_schema, sqlite_file
from app.terminal.doctor.findings import Finding, failure, ok, warning
from app.terminal.language import Said

_MEGABYTE = 1024 * 1024
# Below these a database, an upload or a log soon fails.
_LITTLE_ROOM = 1024 * _MEGABYTE
_NO_ROOM = 100 * _MEGABYTE
# Seconds by which the clocks of server and database may differ: leases are much longer.
_CLOCKS_APART = 2.0


def database_findings(settings: Settings) -> list[Finding]:
    """Tell whether the database can be opened and its schema brought up to date."""
    file = sqlite_file(settings.database_url)
    if file is not None:
        if not can_write(file) or not can_write(file.parent / "new"):
            return [failure("database", _NOT_WRITABLE.filled(path=file), _OWNER)]
        if not file.exists():
            return [ok("database", _NEW_FILE.filled(path=file)), *_room("database", file)]
    try:
        state = look_at_schema(settings.database_url)
    except DatabaseFault as error:
        advice = _BROKEN_FILE if file else _START_DATABASE
        return [failure("database", _NO_DATABASE.filled(reason=error), advice)]
    findings = [_schema(state)]
    if abs(state.clock_ahead) > _CLOCKS_APART:
        apart = _CLOCKS.filled(seconds=f"{abs(state.clock_ahead):.0f}")
        findings.append(warning("database_clock", apart, _SAME_CLOCK))
    return findings + (_room("database", file) if file else [])


def _schema(state: SchemaState) -> Finding:
    if not state.known:
        said = _NEWER_SCHEMA.filled(revision=state.revision, newest=state.newest)
        return failure("database", said, _UPDATE)
    if state.others:
        return warning("database", _OTHER_TABLES, _OWN_DATABASE)
    if state.revision is None:
        return ok("database", _EMPTY)
    if state.revision != state.newest:
        said = _OLDER_SCHEMA.filled(revision=state.revision, newest=state.newest)
        return ok("database", said)
    return ok("database", _UP_TO_DATE.filled(revision=state.revision))


async def storage_findings(settings: Settings) -> list[Finding]:
    """Put, read and delete a few bytes where uploaded files are kept."""
    folder = _folder(settings.files_url)
    made = _missing(folder) if folder else []
    try:
        await probe_store(settings.files_url)
    except StorageError as error:
        advice = _MEND_FOLDER if folder else _MEND_STORE
        return [failure("storage", _NO_STORE.filled(reason=error), advice)]
    finally:
        _remove(made)
    done = ok("storage", _STORE.filled(url=settings.files_url))
    return [done, *(_room("storage", folder) if folder else [])]


def log_finding(settings: Settings) -> Finding:
    if not settings.log_file:
        return ok("log", _CONSOLE_LOG)
    path = Path(settings.log_file).absolute()
    if not can_write(path):
        return failure("log", _NO_LOG.filled(path=path), _MEND_LOG)
    return ok("log", _LOG.filled(path=path))


def can_write(path: Path) -> bool:
    """Tell whether a file could be written, its folders made where they are missing."""
    if path.exists():
        return path.is_file() and os.access(path, os.W_OK)
    there = next((parent for parent in path.parents if parent.exists()), path.parent)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _folder(url: str) -> Path | None:
    if url.startswith("s3://"):
        return None
    return Path(url2pathname(urlsplit(url).path) if url.startswith("file://") else url).absolute()


def _missing(folder: Path) -> list[Path]:
    return [place for place in (folder, *folder.parents) if not place.exists()]


def _remove(folders: list[Path]) -> None:
    """Take away the folders that a look has made: a start makes them as its own user's."""
    for folder in folders:
        # One that is not empty belongs to a server that has started meanwhile.
        with suppress(OSError):
            folder.rmdir()


def _room(check: str, path: Path) -> list[Finding]:
    there = next(place for place in (path, *path.parents) if place.exists())
    free = shutil.disk_usage(there).free
    said = _ROOM.filled(megabytes=f"{free // _MEGABYTE:,}", path=there)
    if free < _NO_ROOM:
        return [failure(f"{check}_room", said, _MAKE_ROOM)]
    return [warning(f"{check}_room", said, _MAKE_ROOM)] if free < _LITTLE_ROOM else []


_NEW_FILE = Said(
    "The first start makes the database {path}.",
    "처음 시작할 때 데이터베이스를 만듭니다: {path}",
)
_NOT_WRITABLE = Said("{path} can't be written.", "{path}에 쓸 수 없습니다.")
_OWNER = Said(
    "Give the file and its folder to the user that runs the server, or change DATABASE_URL.",
    "파일과 폴더를 서버를 실행하는 사용자의 것으로 바꾸거나 DATABASE_URL을 바꿔 주세요.",
)
_NO_DATABASE = Said(
    "The database can't be used: {reason}", "데이터베이스를 쓸 수 없습니다: {reason}"
)
_BROKEN_FILE = Said(
    "Is it a SQLite database? If it is damaged, put a backup in its place.",
    "SQLite 데이터베이스인지 확인하고, 손상되었다면 백업으로 되돌려 주세요.",
)
_START_DATABASE = Said(
    "Check that PostgreSQL runs, and the host, name, user and password in DATABASE_URL.",
    "PostgreSQL이 실행 중인지, DATABASE_URL의 주소와 사용자, 비밀번호가 맞는지 확인해 주세요.",
)
_UP_TO_DATE = Said(
    "The database's schema is up to date ({revision}).",
    "데이터베이스 스키마가 최신입니다({revision}).",
)
_OLDER_SCHEMA = Said(
    "The next start brings the schema from {revision} to {newest}; make a backup before.",
    "다음에 시작할 때 스키마를 새 버전으로 바꿉니다({revision} → {newest}). 먼저 백업해 두세요.",
)
_NEWER_SCHEMA = Said(
    "The schema {revision} is of a newer version than this one, which knows {newest}.",
    "스키마({revision})가 이 버전({newest})보다 새로운 버전의 것입니다.",
)
_UPDATE = Said(
    "Update Threadkeeper, or put back a backup of the older version.",
    "Threadkeeper를 업데이트하거나 이전 버전의 백업으로 되돌려 주세요.",
)
_EMPTY = Said(
    "The database is empty: the first start fills it.",
    "빈 데이터베이스입니다. 처음 시작할 때 채웁니다.",
)
_OTHER_TABLES = Said(
    "The database holds tables of another program.",
    "데이터베이스에 다른 프로그램의 테이블이 있습니다.",
)
_OWN_DATABASE = Said(
    "Give Threadkeeper a database of its own in DATABASE_URL.",
    "DATABASE_URL에 Threadkeeper만의 데이터베이스를 지정해 주세요.",
)
_CLOCKS = Said(
    "The clocks of this machine and of the database differ by {seconds} seconds.",
    "이 컴퓨터와 데이터베이스의 시계가 {seconds}초 다릅니다.",
)
_SAME_CLOCK = Said(
    "Let both keep the time from the network (timedatectl set-ntp true).",
    "두 곳 모두 네트워크 시간에 맞춰 주세요(timedatectl set-ntp true).",
)
_STORE = Said(
    "Files can be stored, read and deleted in {url}.",
    "{url}에 파일을 저장하고 읽고 지울 수 있습니다.",
)
_NO_STORE = Said("Files can't be stored: {reason}", "파일을 저장할 수 없습니다: {reason}")
_MEND_FOLDER = Said(
    "Give the folder to the user that runs the server, or change FILES_URL.",
    "폴더를 서버를 실행하는 사용자의 것으로 바꾸거나 FILES_URL을 바꿔 주세요.",
)
_MEND_STORE = Said(
    "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL in the "
    "environment, and that the bucket exists.",
    "환경 변수 AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL과 "
    "버킷이 있는지 확인해 주세요.",
)
_LOG = Said("The log can be written: {path}", "로그를 쓸 수 있습니다: {path}")
_CONSOLE_LOG = Said("The log goes to the console only.", "로그는 콘솔에만 남깁니다.")
_NO_LOG = Said("The log {path} can't be written.", "로그 파일 {path}에 쓸 수 없습니다.")
_MEND_LOG = Said(
    "Give the file to the user that runs the server, change LOG_FILE, or leave it empty.",
    "파일을 서버를 실행하는 사용자의 것으로 바꾸거나, LOG_FILE을 바꾸거나 비워 주세요.",
)
_ROOM = Said("{megabytes} MB are free at {path}.", "{path}의 남은 공간은 {megabytes}MB입니다.")
_MAKE_ROOM = Said("Make room on this disk.", "디스크 공간을 늘려 주세요.")
