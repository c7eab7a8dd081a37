"""Lists, searches and deletes many threads at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.periodic import Periodic
from app.db import index_merging, message_index, removed_threads, thread_lists, visitors
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
from app.services.slices import in_slices
from app.services.threads import count_active_runs
from app.wire import listed_thread_object

# How often (in seconds) new messages are indexed if no search does so earlier.
_INDEX_EVERY = 60.0
# How many transactions the first search after an import waits for, each of some hundredths of a
# second. Hundreds of messages are indexed in one. Later searches only wait for newer messages.
_WAITS_FOR = 10
_DELETED_AT_ONCE = 100

# A page's threads, and whether there are more.
_Found = tuple[list[ThreadInList], bool]


@dataclass(frozen=True)
class _Removed:
    """How many threads were removed, the runs active on them, and the resources only they used."""

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
        """`sweep` is called when there are files and vector stores to remove.

        `search_seconds`: how long the database may take for one page of a search.
        """
        self._search_seconds = search_seconds
        self._database = database
        self._tasks = tasks
        self._sweep = sweep
        self._indexing = Periodic("message index", self._catch_up, every=_INDEX_EVERY)
        # Up to which message those that wait are left to the background.
        self._left = 0

    def open(self) -> None:
        """Begin to index messages in the background, so that searches need not wait for long."""
        self._indexing.open()

    async def close(self) -> None:
        await self._indexing.close()

    async def list(
        self, caller: Caller, page: Page, wanted: ThreadFilter
    ) -> ListPage[ListedThread]:
        """List the caller's threads. A search finds every message that was added before it.

        Only if very many were added at once, as by an import, older ones are found later.

        Raises `SearchTimeout`.
        """
        data, has_more = await self._page(caller, page, wanted)
        listed = [listed_thread_object(one.thread, one.preview) for one in data]
        return ListPage[ListedThread].of(listed, has_more=has_more)

    async def delete(
        self, caller: Caller, wanted: ThreadFilter, *, everything: bool
    ) -> ThreadsDeleted:
        """Delete the caller's threads that match the filter; an empty one needs `everything`.

        With a filter for a visitor, who he is is deleted with his last thread.

        Raises `InvalidRequest`, and `SearchTimeout`, when some threads may already be deleted.
        """
        if wanted.is_empty and not everything:
            raise InvalidRequest(
                "Pass a filter, or all=true.",
                param="all",
                code="missing_required_parameter",
            )
        count = files = stores = 0
        # A few at a time, so that other writers take their turn. The search is outside of the
        # transaction because it may take long.
        while found := (await self._page(caller, Page(limit=_DELETED_AT_ONCE), wanted))[0]:
            keys = [one.thread.id for one in found]
            removed = await self._database.long_transaction(self._delete_some, keys)
            for run_id in removed.run_ids:
                self._tasks.abandon(run_id)
            count += removed.threads
            files += removed.taken.files
            stores += removed.taken.stores
            self._sweep()
        if wanted.user is not None and caller.session is None:
            await self._database.transaction(visitors.forget, caller.project, wanted.user)
        return ThreadsDeleted(count=count, files=files, vector_stores=stores)

    async def _page(self, caller: Caller, page: Page, wanted: ThreadFilter) -> _Found:
        if wanted.is_empty:
            return await self._database.read(thread_lists.list_page, caller, page, wanted)
        if wanted.words is not None:
            await self.index_newest()
        deadline = Deadline(self._search_seconds)
        return await self._database.search(deadline, thread_lists.list_page, caller, page, wanted)

    @staticmethod
    def _delete_some(connection: Connection, found: Sequence[str]) -> _Removed:
        # Other requests may be deleting the same threads; each counts only those it deletes.
        keys = thread_lists.hold(connection, found)
        active = [run_id for key in keys for run_id in count_active_runs(connection, key)]
        taken = removed_threads.remove(connection, keys)
        return _Removed(len(keys), active, taken)

    async def index_newest(self) -> None:
        """Index the messages that a search could not find yet; the rest in the background."""
        first = newest = await self._database.read(message_index.newest_waiting)
        for _ in range(_WAITS_FOR):
            if newest <= self._left:
                break
            more = await self._database.long_transaction(message_index.catch_up)
            newest = await self._database.read(message_index.newest_waiting) if more else 0
        self._left = max(first, self._left) if newest else 0
        if first:
            # For the others, and to merge what was added to the index.
            self._indexing.wake()

    async def _catch_up(self) -> None:
        if await self._database.read(message_index.newest_waiting):
            await in_slices(self._database, message_index.catch_up)
        self._left = 0
        await in_slices(self._database, index_merging.merge_some)
