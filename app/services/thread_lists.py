"""Many threads at once: listed, searched, deleted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.periodic import Periodic
from app.db import message_index, thread_lists
from app.db.database import Connection, Database
from app.db.paging import Page
from app.db.resource_uses import Taken
from app.db.thread_lists import ThreadFilter, ThreadInList
from app.domain.access import Caller
from app.domain.deadline import Deadline
from app.domain.errors import InvalidRequest
from app.engine.tasks import RunTasks
from app.schemas.common import ListPage
from app.schemas.threads import ListedThread, ThreadsDeleted
from app.services.threads import count_active_runs
from app.wire import listed_thread_object

# How often (in seconds) messages are indexed that nobody has searched for yet.
_INDEX_EVERY = 60.0
_DELETED_AT_ONCE = 100

# A page's threads, and whether there are more.
_Found = tuple[list[ThreadInList], bool]


@dataclass(frozen=True)
class _Removed:
    """How many threads, the runs that were active on them, and what only they used."""

    threads: int
    run_ids: list[str]
    taken: Taken


class ThreadListService:
    def __init__(
        self,
        database: Database,
        tasks: RunTasks,
        sweep: Callable[[], None],
        *,
        search_seconds: float,
    ) -> None:
        """`sweep` is called when there are files and vector stores to be removed.

        `search_seconds`: how long the database may take over one page that is searched for.
        """
        self._search_seconds = search_seconds
        self._database = database
        self._tasks = tasks
        self._sweep = sweep
        self._indexing = Periodic(
            "message index", self._catch_up, every=_INDEX_EVERY, at_once=False
        )

    def open(self) -> None:
        """Begin to index messages, so that no search has to wait for long."""
        self._indexing.open()

    async def close(self) -> None:
        await self._indexing.close()

    async def list(
        self, caller: Caller, page: Page, wanted: ThreadFilter
    ) -> ListPage[ListedThread]:
        """List the caller's threads. A search finds everything that was said before it.

        Raises `SearchTimeout`.
        """
        data, has_more = await self._page(caller, page, wanted)
        listed = [listed_thread_object(one.thread, one.preview) for one in data]
        return ListPage[ListedThread].of(listed, has_more=has_more)

    async def delete(
        self, caller: Caller, wanted: ThreadFilter, *, everything: bool
    ) -> ThreadsDeleted:
        """Delete the caller's threads that the filter names; `everything` is for an empty one.

        Raises `InvalidRequest`, and `SearchTimeout` after some may have been deleted.
        """
        if wanted.is_empty and not everything:
            raise InvalidRequest(
                "Say which threads to delete, or all=true.",
                param="all",
                code="missing_required_parameter",
            )
        count = files = stores = 0
        # Some at a time: others write in between. Looked for outside of the transaction, since a
        # search may take long.
        while found := (await self._page(caller, Page(limit=_DELETED_AT_ONCE), wanted))[0]:
            keys = [one.thread.id for one in found]
            removed = await self._database.long_transaction(self._delete_some, keys)
            for run_id in removed.run_ids:
                self._tasks.abandon(run_id)
            count += removed.threads
            files += removed.taken.files
            stores += removed.taken.stores
            self._sweep()
        return ThreadsDeleted(count=count, files=files, vector_stores=stores)

    async def _page(self, caller: Caller, page: Page, wanted: ThreadFilter) -> _Found:
        if wanted.is_empty:
            return await self._database.read(thread_lists.list_page, caller, page, wanted)
        if wanted.words is not None:
            await self._catch_up()
        deadline = Deadline(self._search_seconds)
        return await self._database.search(deadline, thread_lists.list_page, caller, page, wanted)

    @staticmethod
    def _delete_some(connection: Connection, found: Sequence[str]) -> _Removed:
        # Others may be deleting the same: what is gone is counted by them.
        keys = thread_lists.hold(connection, found)
        active = [run_id for key in keys for run_id in count_active_runs(connection, key)]
        taken = thread_lists.remove(connection, keys)
        return _Removed(len(keys), active, taken)

    async def _catch_up(self) -> None:
        if await self._database.read(message_index.is_behind):
            while await self._database.long_transaction(message_index.catch_up):
                pass  # others write in between
