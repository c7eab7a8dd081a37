"""Makes the summaries of long threads, in the background after their runs."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from app.core.instrumentation import Instrumentation
from app.core.logging import in_request
from app.core.periodic import Periodic
from app.core.upstream import Target
from app.db import messages, runs, summaries, threads, usage
from app.db.database import Connection, Database
from app.db.rows import RunRow, SummaryRow
from app.db.usage import Share
from app.domain.clock import now
from app.domain.errors import ModelError
from app.engine.tally import answered_by
from app.engine.translation.received import piece_of, response_of
from app.engine.translation.summary import (
    Work,
    first_kept,
    part_of,
    summary_length,
    summary_request,
    text_in,
    tokens_of,
)
from app.engine.translation.usage import usage_of
from app.engine.windows import Windows
from app.schemas.runs import Usage

logger = logging.getLogger(__name__)

# How many summaries a process makes at a time; runs come first.
_AT_ONCE = 4
# How long (in seconds) the making of one may take.
_LONGEST = 600.0
# After how many failures it is given up until the thread goes on, and the pause (in seconds) after
# the first one, doubled each time.
_ATTEMPTS = 3
_PAUSE = 15.0
# Seconds until it is tried again if the budget of the day is used up, or after it was given up.
_LONG_PAUSE = 600.0
# The newest messages stay whole, up to this part of the limit, so that a summary lasts many turns.
_KEPT_SHARE = 2
# How much of its window a call reads at most, in percent: estimates may be wrong.
_READ_SHARE = 75

MaySpend = Callable[[Connection, RunRow, int], bool]


@dataclass(frozen=True)
class _Claim:
    """A claimed summary, and the run in whose name it is made."""

    row: SummaryRow
    run: RunRow


class _OverBudget(Exception):
    """The project's budget of the day has no room for the summary."""


class _Void(Exception):
    """Another process has the claim, or a message was deleted meanwhile."""


class Summaries:
    """Makes the summaries that are due. Several processes may do so at the same time.

    Each is claimed for a process, and is free again once that process' lease has lapsed. Every call
    of the model is saved by itself, so that nothing is lost but the call that was interrupted.
    """

    def __init__(
        self,
        database: Database,
        windows: Windows,
        worker_id: str,
        instruments: Instrumentation,
        *,
        model: str,
        every: float,
    ) -> None:
        """`model` makes them; empty: that of the thread's run. `every`: seconds between looks."""
        self._database = database
        # Replaced when settings are reloaded, as is `may_spend`.
        self.windows = windows
        self._worker_id = worker_id
        self._metrics = instruments.metrics
        self._model = model
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._looks = Periodic("summaries", self._look, every=every)
        # Whether a run's project has so many tokens left.
        self.may_spend: MaySpend = lambda _connection, _run, _tokens: True

    def open(self) -> None:
        if self.windows.summaries:
            self._looks.open()

    def wake(self) -> None:
        """Look now: a summary is due."""
        self._looks.wake()

    async def close(self) -> None:
        """Stop; other processes may go on with what was begun."""
        await self._looks.close()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _look(self) -> None:
        count = _AT_ONCE - len(self._tasks)
        if count <= 0:
            return
        # More than can be made: some are being made here.
        found = await self._database.read(summaries.due, self._worker_id, 2 * _AT_ONCE)
        for thread_id in [one for one in found if one not in self._tasks][:count]:
            task = asyncio.create_task(self._make(thread_id), name=f"summary of {thread_id}")
            self._tasks[thread_id] = task
            task.add_done_callback(partial(self._ended, thread_id))

    def _ended(self, thread_id: str, _: asyncio.Task[None]) -> None:
        del self._tasks[thread_id]
        self.wake()

    async def _make(self, thread_id: str) -> None:
        try:
            claimed = await self._database.transaction(self._claim, thread_id)
        except Exception:
            logger.exception("thread %s: its summary could not be begun", thread_id)
            return
        if claimed is None:
            return
        with in_request(claimed.run.request_id):
            await self._settle(claimed)

    def _claim(self, connection: Connection, thread_id: str) -> _Claim | None:
        if threads.owner_of(connection, thread_id) is None:
            return None
        row = summaries.claim(connection, self._worker_id, thread_id)
        run = runs.find(connection, row.run_id) if row is not None and row.run_id else None
        return None if row is None or run is None else _Claim(row, run)

    async def _settle(self, claimed: _Claim) -> None:
        """Make the summary, and end the claim whatever happens."""
        row, database = claimed.row, self._database
        try:
            async with asyncio.timeout(_LONGEST):
                await self._summarise(claimed)
        except asyncio.CancelledError:
            await database.transaction(summaries.release, row, attempts=row.attempts - 1)
            raise
        except _Void:
            logger.info("thread %s: its summary was begun anew", row.thread_id)
        except _OverBudget:
            self._metrics.summaries.ended("over_budget")
            logger.warning("thread %s: no budget is left for its summary", row.thread_id)
            await database.transaction(summaries.give_up, row, _LONG_PAUSE)
        except (ModelError, TimeoutError) as error:
            logger.warning("thread %s: its summary failed: %s", row.thread_id, error)
            await self._fail(row)
        except Exception:
            logger.exception("thread %s: its summary failed", row.thread_id)
            await self._fail(row)
        else:
            await database.transaction(summaries.finish, row)

    async def _fail(self, row: SummaryRow) -> None:
        self._metrics.summaries.ended("failed")
        if row.attempts >= _ATTEMPTS:
            await self._database.transaction(summaries.give_up, row, _LONG_PAUSE)
            return
        pause = _PAUSE * 2 ** (row.attempts - 1)
        await self._database.transaction(
            summaries.release, row, attempts=row.attempts, seconds=pause
        )

    async def _summarise(self, claimed: _Claim) -> None:
        if claimed.row.attempts > _ATTEMPTS:
            # Each time, the process died.
            raise ModelError("server_error", "It was tried too often.")
        while (work := await self._database.read(self._next, claimed)) is not None:
            await self._database.transaction(self._reserve, claimed, work)
            text, share = await self._ask(claimed.run, work)
            saved = await self._database.transaction(self._save, claimed, work, text, share)
            if not text:
                raise ModelError("server_error", "The model wrote no summary.")
            if not saved:
                raise _Void
            self._metrics.summaries.ended("made")
            if not work.more:
                # What has been said meanwhile is for the next summary.
                return

    def _next(self, connection: Connection, claimed: _Claim) -> Work | None:
        """Return what to summarise next; None if the rest of the thread stays whole."""
        run, thread_id = claimed.run, claimed.row.thread_id
        limit = self.windows.summary_limit(run)
        row = summaries.find(connection, thread_id)
        if row is None or row.version != claimed.row.version:
            raise _Void
        if limit is None:
            return None
        newest = messages.newest_first(connection, thread_id, not_of_run="")
        stays_from = first_kept(newest, limit // _KEPT_SHARE, self.windows.rate(run))
        older = messages.oldest_first(connection, thread_id, after=row.through, before=stays_from)
        target = self._target(run)
        rate, window = self.windows.rates.of(target.model), target.context_window
        work = Work(row.text, [], summary_length(limit))
        room = window * _READ_SHARE // 100 - work.most_output - tokens_of(work, rate)
        part, more = part_of(older, room, rate)
        return replace(work, messages=part, more=more) if part else None

    def _model_of(self, run: RunRow) -> str:
        return self._model or run.model

    def _target(self, run: RunRow) -> Target:
        return self.windows.upstreams.target(self._model_of(run))

    def _reserve(self, connection: Connection, claimed: _Claim, work: Work) -> None:
        """Raises `_OverBudget`."""
        rate = self.windows.rates.of(self._target(claimed.run).model)
        tokens = tokens_of(work, rate) + work.most_output
        if not self.may_spend(connection, claimed.run, tokens):
            raise _OverBudget
        summaries.reserve(connection, claimed.row, tokens)

    async def _ask(self, run: RunRow, work: Work) -> tuple[str, Share]:
        """Return the model's summary, empty if it wrote none, and what it used.

        If an upstream fails, the next one is asked. Raises `ModelError`.
        """
        upstreams = self.windows.upstreams
        failure: ModelError | None = None
        for target in upstreams.candidates(self._model_of(run)):
            try:
                text, spent = await self._ask_at(target, run, work)
            except ModelError as error:
                upstreams.failed(target, error.cause)
                if error.cause == "length":
                    # The next attempt summarises fewer messages at once.
                    self.windows.rates.exceeded(target.model)
                if error.cause in ("request", "length"):
                    raise
                failure = failure or error
                continue
            upstreams.worked(target)
            return text, Share(answered_by(target, spent), spent)
        assert failure is not None  # there is always an upstream to ask
        raise failure

    async def _ask_at(self, target: Target, run: RunRow, work: Work) -> tuple[str, Usage]:
        client = await self.windows.upstreams.client(target.upstream)
        request = summary_request(target.model, work)
        written: list[str] = []
        response: dict[str, Any] = {}
        async with aclosing(client.events(request, stream=True)) as batches:
            async for batch in batches:
                for event in batch:
                    if event["type"] == "response.output_text.delta":
                        written.append(piece_of(event))
                    response = response_of(event) or response
        # Some upstreams leave out of the response what they have streamed.
        text = text_in(response) or "".join(written)
        spent = usage_of(response)
        self._metrics.runs.used_tokens(
            target.upstream.name, target.model, spent.prompt_tokens, spent.completion_tokens
        )
        if response.get("status") == "incomplete":
            logger.warning("run %s: the summary of its thread was cut off", run.id)
        return text.strip()[: work.most_characters], spent

    def _save(
        self, connection: Connection, claimed: _Claim, work: Work, text: str, share: Share
    ) -> bool:
        """Save the summary, and count what it used, even if it is of no use any more."""
        through = work.messages[-1].sequence
        kept = bool(text) and summaries.save(connection, claimed.row, text, through, now())
        run = replace(claimed.run, model=self._model_of(claimed.run))
        usage.add(connection, run.project, run, share.usage, [share], runs=0)
        return kept
