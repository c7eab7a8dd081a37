"""Checks of the database, the file store, the log, and their disk space."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from app.core.checks import probe_store
from app.core.config import Settings
from app.core.object_store import StorageError
from app.db.checks import (
    DatabaseFault,
    SchemaState,
    look_at_schema,
    sqlite_file,
    valid_keys,
)
from app.terminal.doctor.findings import Finding, failure, ok, warning
from app.terminal.language import Said

_MEGABYTE = 1024 * 1024
# Bytes. With less free space, the database, uploads or the log soon fail.
_LOW_SPACE = 1024 * _MEGABYTE
_MIN_SPACE = 100 * _MEGABYTE
# Seconds by which the clocks of server and database may differ; leases are much longer.
_CLOCKS_APART = 2.0


def database_findings(settings: Settings) -> list[Finding]:
    """Check whether the database can be opened and its schema migrated."""
    file = sqlite_file(settings.database_url)
    if file is not None:
        if not can_write(file) or not can_write(file.parent / "new"):
            return [failure("database", _NOT_WRITABLE.filled(path=file), _OWNER)]
        if not file.exists():
            return [ok("database", _NEW_FILE.filled(path=file)), *_disk_space("database", file)]
    try:
        state = look_at_schema(settings.database_url)
    except DatabaseFault as error:
        advice = _BROKEN_FILE if file else _START_DATABASE
        return [failure("database", _NO_DATABASE.filled(reason=error), advice)]
    findings = [_schema(state)]
    if abs(state.clock_ahead) > _CLOCKS_APART:
        apart = _CLOCKS.filled(seconds=f"{abs(state.clock_ahead):.0f}")
        findings.append(warning("database_clock", apart, _SAME_CLOCK))
    findings += _run_time_keys(settings)
    return findings + (_disk_space("database", file) if file else [])


def _run_time_keys(settings: Settings) -> list[Finding]:
    """Say how many keys the database has: they count whatever the settings say."""
    try:
        count = valid_keys(settings.database_url)
    except DatabaseFault as error:
        return [failure("keys", _NO_DATABASE.filled(reason=error), _START_DATABASE)]
    if not count:
        return []
    if settings.admin_key.get_secret_value():
        return [ok("keys", _MADE_KEYS.filled(count=count))]
    return [warning("keys", _MADE_KEYS.filled(count=count), _SET_ADMIN_KEY)]


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
    """Write, read and delete a few bytes in the file store."""
    folder = _folder(settings.files_url)
    made = _missing(folder) if folder else []
    try:
        await probe_store(settings.files_url)
    except StorageError as error:
        advice = _FIX_FOLDER if folder else _FIX_STORE
        return [failure("storage", _NO_STORE.filled(reason=error), advice)]
    finally:
        _remove(made)
    done = ok("storage", _STORE.filled(url=settings.files_url))
    return [done, *(_disk_space("storage", folder) if folder else [])]


def log_finding(settings: Settings) -> Finding:
    if not settings.log_file:
        return ok("log", _CONSOLE_LOG)
    path = Path(settings.log_file).absolute()
    if not can_write(path):
        return failure("log", _NO_LOG.filled(path=path), _FIX_LOG)
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
    """Remove the folders that the check created: the server must create them as its own user."""
    for folder in folders:
        # A folder that is not empty belongs to a server that has started in the meantime.
        with suppress(OSError):
            folder.rmdir()


def _disk_space(check: str, path: Path) -> list[Finding]:
    there = next(place for place in (path, *path.parents) if place.exists())
    free = shutil.disk_usage(there).free
    said = _SPACE.filled(megabytes=f"{free // _MEGABYTE:,}", path=there)
    if free < _MIN_SPACE:
        return [failure(f"{check}_room", said, _FREE_UP_SPACE)]
    return [warning(f"{check}_room", said, _FREE_UP_SPACE)] if free < _LOW_SPACE else []


_NEW_FILE = Said(
    "The database {path} will be created at the first start.",
    "처음 시작할 때 데이터베이스를 만듭니다: {path}",
)
_NOT_WRITABLE = Said("{path} can't be written.", "{path}에 쓸 수 없습니다.")
_OWNER = Said(
    "Make the user that runs the server the owner of the file and its folder, or change "
    "DATABASE_URL.",
    "파일과 폴더의 소유자를 서버를 실행하는 사용자로 바꾸거나 DATABASE_URL을 바꿔 주세요.",
)
_MADE_KEYS = Said(
    "Keys made while the server ran, apart from those in .env: {count}.",
    "서버 실행 중에 만든 키(.env의 키 제외): {count}개",
)
_SET_ADMIN_KEY = Said(
    "They are valid, but can't be managed without ADMIN_KEY: openssl rand -hex 32",
    "유효한 키이지만 ADMIN_KEY가 없어 관리할 수 없습니다: openssl rand -hex 32",
)
_NO_DATABASE = Said(
    "The database can't be used: {reason}", "데이터베이스를 쓸 수 없습니다: {reason}"
)
_BROKEN_FILE = Said(
    "Check that it is an SQLite database. If it is damaged, restore a backup.",
    "SQLite 데이터베이스인지 확인하고, 손상되었다면 백업에서 복원해 주세요.",
)
_START_DATABASE = Said(
    "Check that PostgreSQL is running, and the host, name, user and password in DATABASE_URL.",
    "PostgreSQL이 실행 중인지, DATABASE_URL의 주소, 이름, 사용자, 비밀번호가 맞는지 확인해 주세요.",
)
_UP_TO_DATE = Said(
    "The database's schema is up to date ({revision}).",
    "데이터베이스 스키마가 최신입니다({revision}).",
)
_OLDER_SCHEMA = Said(
    "The next start migrates the schema from {revision} to {newest}. Make a backup first.",
    "다음에 시작할 때 스키마를 새 버전으로 바꿉니다({revision} → {newest}). 먼저 백업해 주세요.",
)
_NEWER_SCHEMA = Said(
    "The schema {revision} is from a newer version than this one, which supports {newest}.",
    "스키마({revision})가 이 버전이 지원하는 것({newest})보다 새로운 버전의 것입니다.",
)
_UPDATE = Said(
    "Update Threadkeeper, or restore a backup from the older version.",
    "Threadkeeper를 업데이트하거나 이전 버전의 백업을 복원해 주세요.",
)
_EMPTY = Said(
    "The database is empty. The first start creates its tables.",
    "빈 데이터베이스입니다. 처음 시작할 때 테이블을 만듭니다.",
)
_OTHER_TABLES = Said(
    "The database contains tables of another program.",
    "데이터베이스에 다른 프로그램의 테이블이 있습니다.",
)
_OWN_DATABASE = Said(
    "Set DATABASE_URL to a database that only Threadkeeper uses.",
    "DATABASE_URL에 Threadkeeper만 쓰는 데이터베이스를 지정해 주세요.",
)
_CLOCKS = Said(
    "The clocks of this machine and the database differ by {seconds} seconds.",
    "이 컴퓨터와 데이터베이스의 시계가 {seconds}초 다릅니다.",
)
_SAME_CLOCK = Said(
    "Synchronize both clocks with NTP (timedatectl set-ntp true).",
    "두 시계를 모두 NTP로 동기화해 주세요(timedatectl set-ntp true).",
)
_STORE = Said(
    "Files can be stored, read and deleted in {url}.",
    "{url}에 파일을 저장하고 읽고 지울 수 있습니다.",
)
_NO_STORE = Said("Files can't be stored: {reason}", "파일을 저장할 수 없습니다: {reason}")
_FIX_FOLDER = Said(
    "Make the user that runs the server the owner of the folder, or change FILES_URL.",
    "폴더의 소유자를 서버를 실행하는 사용자로 바꾸거나 FILES_URL을 바꿔 주세요.",
)
_FIX_STORE = Said(
    "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL in the "
    "environment, and that the bucket exists.",
    "환경 변수 AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL의 값이 "
    "맞는지, 버킷이 있는지 확인해 주세요.",
)
_LOG = Said("The log can be written: {path}", "로그를 쓸 수 있습니다: {path}")
_CONSOLE_LOG = Said("The log goes only to the console.", "로그를 콘솔에만 출력합니다.")
_NO_LOG = Said("The log file {path} can't be written.", "로그 파일 {path}에 쓸 수 없습니다.")
_FIX_LOG = Said(
    "Make the user that runs the server the owner of the file, or change or empty LOG_FILE.",
    "파일의 소유자를 서버를 실행하는 사용자로 바꾸거나, LOG_FILE을 바꾸거나 비워 주세요.",
)
_SPACE = Said("Free space at {path}: {megabytes} MB.", "{path}의 남은 공간은 {megabytes}MB입니다.")
_FREE_UP_SPACE = Said("Free up space on this disk.", "디스크에 여유 공간을 확보해 주세요.")
