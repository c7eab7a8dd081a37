"""Files: their rows, and their bytes in the object store."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Protocol

from app.core.object_store import ObjectStore, StorageError, file_key
from app.db import files, repeats
from app.db.database import Connection, Database
from app.db.file_rows import FileRow
from app.db.paging import Page
from app.domain.access import Caller
from app.domain.clock import now
from app.domain.errors import (
    Configured,
    InvalidRequest,
    LimitReached,
    NotFound,
    ThreadkeeperError,
)
from app.schemas.common import ListPage
from app.schemas.files import PURPOSES, FileCreate, FileDeleted, FileObject
from app.services.file_removal import FileRemover
from app.storage.file_writer import FileWriter, StoredBytes
from app.wire import file_object

logger = logging.getLogger(__name__)

# How many files one project may upload to one process at a time: each takes a connection, memory
# for a part of the file, and a transfer to the store.
UPLOADS_AT_ONCE = 32


class Upload(Protocol):
    """A file that is being uploaded. The form's other fields may come after its bytes."""

    @property
    def filename(self) -> str: ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes as they arrive. Raises `InvalidRequest` if they end too early."""

    def about(self) -> FileCreate:
        """Return the form's other fields; they are complete only after the last byte."""


@dataclass(frozen=True)
class FileContent:
    file: FileRow
    chunks: AsyncIterator[bytes]


class FileService:
    def __init__(
        self, database: Database, store: ObjectStore, writer: FileWriter, *, max_bytes: int
    ) -> None:
        self._database = database
        self._store = store
        self._writer = writer
        self._remover = FileRemover(database, writer)
        self._max_bytes = max_bytes
        self._uploading: Counter[str] = Counter()

    def open(self) -> None:
        """Begin to remove expired files and leftover bytes."""
        self._remover.open()

    async def close(self) -> None:
        await self._remover.close()

    def sweep_soon(self) -> None:
        """Remove the files and stores of deleted threads now, in the background."""
        self._remover.wake()

    @property
    def max_bytes(self) -> int:
        return self._max_bytes

    async def create(self, caller: Caller, upload: Upload) -> FileObject:
        """Store the bytes, then the file, so that a file has all of its bytes or does not exist.

        Raises `LimitReached` if the project is uploading `UPLOADS_AT_ONCE` files already.
        """
        with self._counted(caller.project):
            return await self._create(caller, upload)

    @contextmanager
    def _counted(self, project: str) -> Iterator[None]:
        if self._uploading[project] >= UPLOADS_AT_ONCE:
            raise LimitReached(
                f"This project is already uploading {UPLOADS_AT_ONCE} files (the maximum). "
                "Please try again when one of them has arrived.",
                code="too_many_uploads",
                headers={"retry-after": "1"},
            )
        self._uploading[project] += 1
        try:
            yield
        finally:
            self._uploading[project] -= 1
            if not self._uploading[project]:
                del self._uploading[project]

    async def _create(self, caller: Caller, upload: Upload) -> FileObject:
        content = None if caller.attempt is None else blake2b(digest_size=16)
        try:
            stored = await self._writer.put(self._limited(upload.chunks(), content))
        except StorageError as error:
            raise _unavailable(error) from error
        try:
            if content is not None:
                caller = _asking(caller, content.hexdigest(), upload)
            file = replace(_new_file(caller.project, stored, upload), attempt=caller.mark)
            created = await self._database.transaction(self._insert, caller, file)
        except Exception:
            await self._writer.give_up(stored.file_id)
            raise
        if created is None:
            raise InvalidRequest("The upload took too long.", code="upload_too_slow")
        if created.id != file.id:
            # An earlier attempt stored the same bytes.
            await self._writer.give_up(file.id)
        return file_object(created)

    @staticmethod
    def _insert(connection: Connection, caller: Caller, file: FileRow) -> FileRow | None:
        if earlier := repeats.earlier(connection, caller, repeats.FILES, caller.project):
            return files.retrieve(connection, caller.project, earlier)
        repeats.keep(connection, caller, file.id)
        return files.create(connection, file)

    async def retrieve(self, caller: Caller, file_id: str) -> FileObject:
        """Raises `NotFound`."""
        return file_object(await self._database.read(files.retrieve_for, caller, file_id))

    async def list(self, project: str, page: Page, purpose: str | None) -> ListPage[FileObject]:
        data, has_more = await self._database.read(files.list_page, project, page, purpose)
        return ListPage[FileObject].of([file_object(row) for row in data], has_more=has_more)

    async def content(self, caller: Caller, file_id: str) -> FileContent:
        """Return the file with its bytes, which are read on demand.

        Raises `NotFound`.
        """
        file = await self._database.read(files.retrieve_for, caller, file_id)
        if file.lacks_content:
            raise NotFound(
                f"The content of file '{file_id}' was not imported.", code="file_content_missing"
            )
        try:
            return FileContent(file, await self._store.read(file_key(file_id)))
        except StorageError as error:
            raise _unavailable(error) from error

    async def delete(self, project: str, file_id: str) -> FileDeleted:
        await self._database.transaction(self._delete, project, file_id)
        # The file is gone. If its bytes can't be removed now, a row has them removed later.
        await self._writer.remove_bytes(file_id)
        return FileDeleted(id=file_id)

    @staticmethod
    def _delete(connection: Connection, project: str, file_id: str) -> None:
        if files.is_shared(connection, file_id):
            raise Configured("File", file_id)
        files.remove(connection, project, file_id, now())

    async def _limited(
        self, chunks: AsyncIterator[bytes], digest: "blake2b | None"
    ) -> AsyncIterator[bytes]:
        """Yield the chunks. Raises `InvalidRequest` if the file is empty or too large."""
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            if size > self._max_bytes:
                raise file_too_large(self._max_bytes)
            if digest is not None:
                digest.update(chunk)
            yield chunk
        if size == 0:
            raise InvalidRequest(
                "Invalid 'file': the file is empty.", param="file", code="empty_file"
            )


def check_purpose(purpose: str) -> None:
    """Raises `InvalidRequest`, in OpenAI's words."""
    if purpose not in PURPOSES:
        raise InvalidRequest(
            f"'{purpose}' is not one of {list(PURPOSES)} - 'purpose'", param="purpose"
        )


def file_too_large(max_bytes: int) -> InvalidRequest:
    return InvalidRequest(
        f"The file is too large: this server accepts files of up to {max_bytes} bytes "
        "(setting MAX_FILE_BYTES).",
        param="file",
        code="file_too_large",
        status=413,
    )


def _new_file(project: str, stored: StoredBytes, upload: Upload) -> FileRow:
    about = upload.about()
    check_purpose(about.purpose)
    expiry = about.expires_after
    return FileRow(
        id=stored.file_id,
        purpose=about.purpose,
        filename=upload.filename,
        bytes=stored.size,
        created_at=stored.created_at,
        expires_at=stored.created_at + expiry.seconds if expiry else None,
        project=project,
    )


def _asking(caller: Caller, digest: str, upload: Upload) -> Caller:
    """Return the caller with its attempt at the upload; `digest` is one of the bytes.

    The form's own bytes are no help: clients choose another boundary each time.
    """
    if caller.attempt is None:
        return caller
    asked = f"{digest} {upload.about().model_dump_json()} {upload.filename}"
    return replace(caller, attempt=caller.attempt.of(asked))


def _unavailable(error: StorageError) -> ThreadkeeperError:
    logger.error("the file storage failed: %s", error)
    return ThreadkeeperError(
        "The server's file storage is not working. Please try again later.",
        code="storage_unavailable",
        status=503,
    )
