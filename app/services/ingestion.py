"""Indexes the files of vector stores for search: in the background, a few at a time."""

import asyncio
import logging
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from app.core.object_store import ObjectStore, StorageError, file_key
from app.db import halfvecs, ingestion
from app.db.chunks import NewChunk
from app.db.database import Database
from app.db.index_merging import merge_some
from app.db.ingestion import Claim
from app.domain.errors import ModelError
from app.engine.hub import wait_for
from app.knowledge.embeddings import Embedder, packed_embeddings
from app.knowledge.extraction import ExtractionError, extract_text
from app.knowledge.indexing import prepare
from app.schemas.vector_stores import FileError
from app.services.reading_turns import ReadingTurns

logger = logging.getLogger(__name__)

# How often (in seconds) to look for files that were attached by other processes or left by them.
_LOOK_EVERY = 1.0
# How often a file is tried before it is given up.
_ATTEMPTS = 3
# How many chunks are embedded at a time: a list of floats takes much more memory than packed bytes.
_EMBEDDED_AT_ONCE = 256
# How many are written at a time: on SQLite all other writers wait meanwhile, for about 40 ms.
_WRITTEN_AT_ONCE = 100

_OUR_FAULT = FileError(
    code="server_error",
    message="The server could not read the file. The reason is in the server's log.",
)


@dataclass(frozen=True)
class _Read:
    """A file that was read; its `last` chunks are not written yet.

    `first`: they are also the first, because no others were written before.
    """

    last: list[NewChunk]
    first: bool
    usage_bytes: int


class _Lost(Exception):
    """The claim is void: the file was removed or cancelled, or another claim started over."""


class Ingestor:
    """Indexes the files that wait in vector stores. Several processes may do so at the same time.

    Each file is claimed with a lease. A process that stops releases its files. If a process dies,
    its leases lapse and another one takes the files over. Projects take turns, and no project may
    occupy all readers of a process.
    """

    def __init__(
        self,
        database: Database,
        store: ObjectStore,
        embedder: Embedder | None,
        *,
        lease_seconds: float,
        retry_seconds: float = 2.0,
        readers: int | None = None,
    ) -> None:
        """`retry_seconds`: the pause after a failure on our side, doubled each time.

        `readers`: how many files are read at a time; None: depends on the number of cores.
        """
        self._database = database
        self._store = store
        self._embedder = embedder
        self._worker_id = f"ingestor_{secrets.token_hex(12)}"
        self._lease_seconds = lease_seconds
        self._retry_seconds = retry_seconds
        self._news = asyncio.Event()
        self._stopping = False
        self._turns = ReadingTurns(readers)
        self._tasks: list[asyncio.Task[None]] = []
        self._reading: set[asyncio.Task[_Read]] = set()
        self._choosing = asyncio.Lock()
        # The lengths of embeddings for which the database has an index, if it can have one.
        self._indexed: set[int] = set()

    def open(self) -> None:
        self._tasks = [
            asyncio.create_task(self._ingest_on(), name=f"ingestor {number}")
            for number in range(self._turns.readers)
        ]

    def wake(self) -> None:
        """Look for files now, because one was attached."""
        self._news.set()

    async def close(self) -> None:
        """Stop, and release the files that are being read."""
        self._stopping = True
        self.wake()
        for reading in self._reading:
            reading.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ingest_on(self) -> None:
        while not self._stopping:
            # Cleared before the query, so that a file attached after it is not missed.
            self._news.clear()
            try:
                found = await self._ingest_next()
            except Exception:
                # The database may be down for a while; the next pass tries again.
                logger.exception("files of vector stores could not be indexed")
                found = False
            if not found:
                await wait_for(self._news, _LOOK_EVERY)

    async def _ingest_next(self) -> bool:
        """Index the file whose turn it is; return False if none waits."""
        # One reader chooses at a time, so that each knows what the others are reading.
        async with self._choosing:
            claim = await self._chosen()
            if claim is None:
                return False
            self._turns.take(claim.project)
        # There may be more files: wake another reader.
        self.wake()
        try:
            await self._ingest(claim)
        finally:
            self._turns.give_back(claim.project)
        await self._database.long_transaction(merge_some)
        return True

    async def _chosen(self) -> Claim | None:
        turns = self._turns.next()
        if not await self._database.read(ingestion.is_waiting, turns.busy):
            return None
        return await self._database.transaction(
            ingestion.claim, self._worker_id, self._lease_seconds, turns
        )

    async def _ingest(self, claim: Claim) -> None:
        if known := self._turns.too_costly(claim.file_id):
            await self._fail(claim, known)
            return
        if claim.attempt > _ATTEMPTS:
            # Earlier attempts ended without reporting an error, for instance in a crash.
            logger.error("%s in %s: too many attempts", claim.file_id, claim.store_id)
            await self._database.transaction(ingestion.fail, claim, _OUR_FAULT)
            return
        reading = asyncio.create_task(self._read(claim), name=f"reading {claim.file_id}")
        self._reading.add(reading)
        if self._stopping:
            reading.cancel()
        keeper = asyncio.create_task(self._keep(claim, reading))
        try:
            read = await reading
        except (asyncio.CancelledError, _Lost):
            # If the claim is void, this releases nothing.
            await self._release(claim, attempts=claim.attempt - 1)
            await self._database.transaction(ingestion.drop_unfinished, claim)
        except ExtractionError as error:
            await self._fail_to_extract(claim, error)
        except StorageError as error:
            # Usually the file was deleted while it was read, and the claim is void.
            logger.warning("%s in %s could not be read: %s", claim.file_id, claim.store_id, error)
            await self._retry(claim, _OUR_FAULT)
        except ModelError as error:
            await self._retry(claim, FileError(code="server_error", message=error.message))
        except Exception:
            logger.exception("%s in %s could not be read", claim.file_id, claim.store_id)
            await self._retry(claim, _OUR_FAULT)
        else:
            await self._database.transaction_of(
                len(read.last),
                ingestion.complete,
                claim,
                read.last,
                read.usage_bytes,
                first=read.first,
            )
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            self._reading.discard(reading)

    # How a file ends

    async def _retry(self, claim: Claim, error: FileError) -> None:
        """Release the file for a later attempt; after the last attempt, fail it with the error."""
        if claim.attempt >= _ATTEMPTS:
            await self._fail(claim, error)
            return
        pause = self._retry_seconds * 2 ** (claim.attempt - 1)
        await self._release(claim, attempts=claim.attempt, seconds=pause)

    async def _fail_to_extract(self, claim: Claim, error: ExtractionError) -> None:
        shown = FileError(code=error.code, message=error.message)
        if error.over_limits:
            self._turns.note_too_costly(claim.file_id, shown)
        if error.again:
            await self._retry(claim, shown)
        else:
            await self._fail(claim, shown)

    async def _fail(self, claim: Claim, error: FileError) -> None:
        logger.warning("%s in %s failed: %s", claim.file_id, claim.store_id, error.message)
        await self._database.transaction(ingestion.fail, claim, error)

    async def _release(self, claim: Claim, *, attempts: int, seconds: float | None = None) -> None:
        await self._database.transaction(
            ingestion.release, claim, attempts=attempts, seconds=seconds
        )

    async def _keep(self, claim: Claim, reading: asyncio.Task[_Read]) -> None:
        """Renew the lease while the file is read; stop reading if the claim is lost."""
        while True:
            await asyncio.sleep(self._lease_seconds / 3)
            try:
                held = await self._database.transaction(ingestion.renew, claim, self._lease_seconds)
            except Exception:
                logger.exception("the lease of %s could not be renewed", claim.file_id)
            else:
                if not held:
                    reading.cancel()

    # How it is read

    async def _read(self, claim: Claim) -> _Read:
        last: list[NewChunk] = []
        first, size = True, 0
        async for portion in self._portions(claim):
            if last:
                if not await self._database.long_transaction(
                    ingestion.add, claim, last, first=first
                ):
                    raise _Lost
                await self._database.long_transaction(merge_some)
                first = False
            last = portion
            size += sum(map(_size, portion))
        return _Read(last, first, size)

    async def _portions(self, claim: Claim) -> AsyncIterator[list[NewChunk]]:
        """Yield the file's chunks as many at a time as are written at once: those of a large file
        would take several times its memory."""
        async with self._copied(claim.file_id) as path:
            text = await extract_text(path, claim.filename)
        chunks = prepare(
            text,
            claim.filename,
            max_tokens=claim.chunking["max_chunk_size_tokens"],
            overlap_tokens=claim.chunking["chunk_overlap_tokens"],
        )
        while portion := await asyncio.to_thread(_next_of, chunks):
            if self._embedder is not None:
                portion = await _embedded(self._embedder, portion)
                await self._prepare_index(len(portion[0].embedding or b""))
            yield portion

    async def _prepare_index(self, dimensions: int) -> None:
        """Create the database's index before the first embeddings of this length are written."""
        if dimensions not in self._indexed:
            await self._database.transaction(halfvecs.index, dimensions)
            self._indexed.add(dimensions)

    @asynccontextmanager
    async def _copied(self, file_id: str) -> AsyncIterator[Path]:
        """Yield the path of a local copy of the file, for readers that need random access."""
        # Created here, not in a thread: if the task were cancelled, nothing would remove it.
        folder = tempfile.TemporaryDirectory(prefix="threadkeeper-")
        try:
            path = Path(folder.name) / "file"
            with await asyncio.to_thread(path.open, "wb") as copy:
                async for piece in await self._store.read(file_key(file_id)):
                    await asyncio.to_thread(copy.write, piece)
            yield path
        finally:
            await asyncio.to_thread(folder.cleanup)


def _next_of(chunks: Iterator[NewChunk]) -> list[NewChunk]:
    portion = []
    for chunk in islice(chunks, _WRITTEN_AT_ONCE):
        portion.append(chunk)
        # The interpreter runs one thread at a time: give way to those that serve requests.
        time.sleep(0)
    return portion


async def _embedded(embedder: Embedder, chunks: list[NewChunk]) -> list[NewChunk]:
    embedded: list[NewChunk] = []
    for start in range(0, len(chunks), _EMBEDDED_AT_ONCE):
        part = chunks[start : start + _EMBEDDED_AT_ONCE]
        packed = await packed_embeddings(embedder, [chunk.text for chunk in part])
        embedded += [
            replace(chunk, embedding=embedding)
            for chunk, embedding in zip(part, packed, strict=True)
        ]
    return embedded


def _size(chunk: NewChunk) -> int:
    return len(chunk.text.encode()) + len(chunk.embedding or b"")
