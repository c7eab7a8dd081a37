"""Executes one run, from its claim until it ends or requires an action of its client."""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from app.core.instrumentation import Instrumentation
from app.core.logging import in_request
from app.core.upstreams import Upstreams
from app.db.database import Database
from app.db.rows import MessageRow, StepRow
from app.domain.clock import milliseconds, now, seconds
from app.domain.errors import ModelError, StaleRun
from app.domain.run_status import RunStatus
from app.engine.asking import Asking
from app.engine.call_deltas import CallDeltas, unsent
from app.engine.changes import Changes
from app.engine.claim import Claimed
from app.engine.ending import Ending
from app.engine.hub import Hub
from app.engine.images import Images
from app.engine.neighbours import Neighbours
from app.engine.outcome import Outcome, outcome_of
from app.engine.reading import Reading
from app.engine.recorder import Move, Recorder
from app.engine.summaries import Summaries
from app.engine.tally import found_nothing
from app.engine.tools.tool import Call, Emit
from app.engine.tools.toolbox import RunTools, Toolbox
from app.engine.translation.events import Projection
from app.engine.translation.items import (
    allowed_as,
    answer_call,
    call_output,
    complete_step,
    marked,
    replayable,
    required_action,
    unanswered,
)
from app.engine.windows import Windows, output_budget, prompt_is_used_up
from app.schemas.messages import IncompleteDetails
from app.schemas.runs import LastError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shared:
    """What all executions of this process share."""

    database: Database
    hub: Hub
    upstreams: Upstreams
    worker_id: str
    tools: Toolbox
    images: Images
    max_rounds: int
    instruments: Instrumentation
    windows: Windows
    summaries: Summaries
    neighbours: Neighbours


class Execution:
    """One process's work on one run.

    All of a run's state is in its rows: every round is committed before the next begins, so a
    process that claims the run later continues from there.
    """

    def __init__(self, shared: Shared, claimed: Claimed) -> None:
        self._shared = shared
        self._run = claimed.run
        self._reading = Reading(shared.windows, shared.images, claimed)
        self._items = claimed.items
        self._tally = claimed.tally
        self._tool_step = claimed.tool_step
        self._earlier_steps = claimed.steps
        self._steps = [*claimed.steps]
        self._first_text_ms = claimed.run.first_text_ms
        self._metrics = shared.instruments.metrics.runs
        self._recorder = Recorder(
            shared.database, shared.hub, claimed, shared.worker_id, self._metrics.ended
        )
        self._asking = Asking(
            claimed.run, shared.upstreams, self._reading, shared.instruments.metrics.upstreams
        )

    @property
    def _projection(self) -> Projection | None:
        return self._asking.projection

    @property
    def run_id(self) -> str:
        return self._run.id

    @cached_property
    def _tools(self) -> RunTools:
        # Made in `run`: a tool that can't begin ends the run as any other failure does.
        return self._shared.tools.of(self._run, self._earlier_steps)

    @cached_property
    def _deltas(self) -> CallDeltas:
        return CallDeltas(self._run, self._send)

    async def run(self) -> Outcome:
        """Execute the run until it ends or requires an action; its rows say of every failure."""
        # Logs name the request that created the run, also in a process that took the run over.
        with in_request(self._run.request_id):
            return await self._execute()

    async def _execute(self) -> Outcome:
        deadline = asyncio.timeout(self._seconds_left())
        try:
            async with deadline, aclosing(self._tools):
                return await self._rounds()
        except ModelError as error:
            logger.warning("run %s failed: %s", self._run.id, error.code)
            return await self.end("failed", LastError(code=error.code, message=error.message))
        except TimeoutError:
            if not deadline.expired():
                raise  # A tool raised it, and that is a failure.
            return await self.end("expired")
        except StaleRun:
            return await self._moved_elsewhere()

    async def end(self, to: Ending, last_error: LastError | None = None) -> Outcome:
        """End the run early; the text that it has written so far is kept."""
        if self._projection is not None:
            self._projection.release()
        message = self._message
        try:
            run = await self._recorder.end(to, message, self._tool_step, last_error)
        except StaleRun:
            return await self._moved_elsewhere()
        return Outcome(run, message, self._recorder.next_run_id)

    async def close(self) -> None:
        """Wait until nothing is being stored any more."""
        await self._recorder.close()

    async def _moved_elsewhere(self) -> Outcome:
        """Return what others did with the run; if they cancelled it, end it here."""
        outcome = await self._shared.database.read(outcome_of, self._run.id)
        run = outcome.run
        if run and run.status == "cancelling" and run.worker_id == self._shared.worker_id:
            return await self.end("cancelled")
        if run and run.worker_id not in (None, self._shared.worker_id):
            logger.warning("run %s: another process has taken it over", self._run.id)
        # It may be this execution that ended the run: what it was doing was interrupted afterwards.
        return replace(outcome, next_run_id=self._recorder.next_run_id)

    @property
    def _message(self) -> MessageRow | None:
        return self._projection.message if self._projection else None

    def _seconds_left(self) -> float | None:
        expires_at = self._run.expires_at
        return None if expires_at is None else expires_at - seconds()

    async def _rounds(self) -> Outcome:
        if left_out := self._tools.left_out():
            logger.warning("run %s: the model is not offered %s", self._run.id, left_out)
        await self._tools.open()
        for _ in range(self._shared.max_rounds):
            waiting = await self._answer_calls()
            if waiting:
                return await self._require_action(waiting)
            outcome = await self._ask()
            if outcome is not None:
                return outcome
        raise ModelError(
            "server_error",
            f"The model still called functions after {self._shared.max_rounds} rounds.",
        )

    async def _ask(self) -> Outcome | None:
        """Ask the model once; None if it called functions of the server and must be asked again."""
        if prompt_is_used_up(self._run, self._tally.spent):
            return await self._incomplete("max_prompt_tokens")
        left = output_budget(self._run, self._tally.spent)
        if left is not None and left <= 0:
            return await self._incomplete("max_completion_tokens")
        projection = await self._asking.ask(
            self._items, self._tally.spent, left, self._tools, self._send
        )
        self._spend(projection)
        if projection.incomplete_reason == "content_filter":
            await self._recorder.record(projection.changes.take())
            raise ModelError("invalid_prompt", "The model's content filter stopped the answer.")
        if projection.incomplete_reason is not None:
            return await self._incomplete("max_completion_tokens")
        if projection.tool_step is None:
            return await self._complete()
        return await self._keep_calls(projection, projection.tool_step)

    def _spend(self, projection: Projection) -> None:
        usage, answered = projection.usage, projection.answered
        self._tally.add(answered, usage)
        self._reading.answered(usage)
        if answered is not None:
            self._metrics.used_tokens(
                answered.upstream, answered.model, usage.prompt_tokens, usage.completion_tokens
            )

    async def _keep_calls(self, projection: Projection, step: StepRow) -> Outcome | None:
        """Store a round that called functions, before any of the calls is answered."""
        items = replayable(projection.items)
        if projection.target is not None:
            items = marked(projection.target, items)
        self._items += items
        self._tool_step = step
        self._steps.append(step)
        projection.changes.items = items
        calls = unanswered(self._items)
        if not self._server_calls(calls):
            return await self._require_action(calls)
        await self._recorder.record(projection.changes.take())
        return None

    async def _answer_calls(self) -> list[dict[str, Any]]:
        """Answer the calls that the server answers; return those left to the client.

        After a crash a function may be called a second time: it had run, but its output was not
        stored.
        """
        waiting, step = unanswered(self._items), self._tool_step
        server_calls = self._server_calls(waiting)
        if server_calls and step is not None:
            calls = [self._call(item, step) for item in server_calls]
            answers = await self._tools.answer_all(calls)
            changes = Changes.of(self._run)
            for call, answer in zip(server_calls, answers, strict=True):
                for shown in answer_call(step, call["call_id"], answer.detail):
                    self._tools.answered(shown)
                changes.items.append(call_output(call["call_id"], answer.parts))
                changes.files += answer.files
            self._items += changes.items
            waiting = unanswered(self._items)
            if not waiting:
                step = self._tool_step = complete_step(step)
                changes.emit("thread.run.step.completed", step)
            changes.save_step(step)
            await self._recorder.record(changes)
        return waiting

    def _server_calls(self, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the calls that the server answers now; some wait until a person allows them."""
        return [
            call
            for call in calls
            if self._tools.answers(call["name"]) and self._approval(call) is None
        ]

    def _approval(self, call: dict[str, Any]) -> dict[str, str] | None:
        """Return what a person must allow before this call is answered; None if nothing is left."""
        if self._allowed_as(call) is not None:
            return None
        return self._tools.approval(call["name"])

    def _allowed_as(self, call: dict[str, Any]) -> str | None:
        step = self._tool_step
        return None if step is None else allowed_as(self._run.allowed, step, call["call_id"])

    def _call(self, item: dict[str, Any], step: StepRow) -> tuple[Call, Emit]:
        same = [one for one in self._items if one.get("name") == item["name"]]
        number = next(place for place, one in enumerate(same) if one is item)
        allowed = self._allowed_as(item)
        call = Call(item["call_id"], item["name"], item["arguments"], number, allowed)
        # Before this execution has asked the model, another may have begun to answer the call.
        again = self._projection is None
        return call, unsent if again else self._deltas.of_call(step, call.id)

    async def _send(self, collected: Changes) -> None:
        self._note_first_text()
        if collected.has_rows:
            await self._recorder.record(collected.take())
        elif collected.events:
            self._recorder.send(collected.take_events())
            await self._recorder.keep_if_due()

    def _note_first_text(self) -> None:
        """Remember when the first text of the answer came."""
        if self._first_text_ms is None and self._projection and self._projection.has_text:
            self._first_text_ms = milliseconds()

    async def _complete(self) -> Outcome:
        return await self._finish("completed", {"completed_at": now(), "expires_at": None})

    async def _incomplete(self, reason: str) -> Outcome:
        values = {"incomplete_details": IncompleteDetails(reason=reason)}
        return await self._finish("incomplete", values)

    async def _require_action(self, calls: list[dict[str, Any]]) -> Outcome:
        action = required_action([(call, self._approval(call)) for call in calls])
        values = {"required_action": action, "worker_id": None}
        return await self._finish("requires_action", values, with_usage=False)

    async def _finish(
        self, to: RunStatus, values: dict[str, Any], *, with_usage: bool = True
    ) -> Outcome:
        self._note_first_text()
        values |= {**self._tally.columns, "first_text_ms": self._first_text_ms}
        summary_due = False
        if with_usage:
            values["usage"] = self._tally.spent
            values["found_nothing"] = found_nothing(self._steps)
            summary_due = self._reading.summary_due(self._tally.spent)
        move = Move(to, values, self._tally.shares, summary_due)
        changes = self._projection.changes.take() if self._projection else Changes.of(self._run)
        run = await self._recorder.record(changes, move)
        if move.summary_due:
            self._shared.summaries.wake()
        return Outcome(run, self._message, self._recorder.next_run_id)
