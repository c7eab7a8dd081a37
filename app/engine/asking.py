"""Asks the model once: at the upstream of the run's model or, if that one fails, at another."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from itertools import count
from typing import Any

from app.core.metrics import UpstreamsMetrics
from app.core.upstream import Target
from app.core.upstreams import Upstreams
from app.db.rows import RunRow
from app.domain.errors import ModelError
from app.engine.changes import Changes
from app.engine.reading import Reading
from app.engine.tools.toolbox import RunTools
from app.engine.translation.events import Projection
from app.engine.windows import OutputLimit, output_limit
from app.schemas.runs import Usage

logger = logging.getLogger(__name__)

# How often a request that is too long for the model is made shorter.
_SHORTENED = 3

# Stores or sends what was collected, and takes it from there.
Send = Callable[[Changes], Awaitable[None]]


class Asking:
    """The questions of one run to the model. `projection` is the newest answer."""

    def __init__(
        self, run: RunRow, upstreams: Upstreams, reading: Reading, metrics: UpstreamsMetrics
    ) -> None:
        self._run = run
        self._upstreams = upstreams
        self._reading = reading
        self._metrics = metrics
        self.projection: Projection | None = None

    async def ask(
        self,
        items: list[dict[str, Any]],
        spent: Usage,
        left: int | None,
        tools: RunTools,
        send: Send,
    ) -> Projection:
        """Return the complete answer; its last changes are not sent yet.

        `items` are those of earlier rounds, `spent` is what they used, and `left` is how many
        tokens the answer may have. Another upstream is asked as long as nothing was sent. Raises
        `ModelError`.
        """
        failure: ModelError | None = None
        failed: Target | None = None
        for target in self._upstreams.candidates(self._run.model):
            if failed is not None:
                self._metrics.passed_on(failed.upstream.name)
                logger.warning("run %s: asking %s instead", self._run.id, _named(target))
            try:
                projection = await self._ask_at(target, items, spent, left, tools, send)
            except ModelError as error:
                self._upstreams.failed(target, error.cause)
                if error.cause in ("request", "length") or self._began:
                    raise
                failure, failed = failure or error, target
                continue
            self._upstreams.worked(target)
            self._log_answer(target)
            return projection
        assert failure is not None  # there is always an upstream to ask
        try:
            raise failure
        finally:
            # Its traceback has this frame and all that the run reads: as a cycle they would stay in
            # memory until garbage is collected.
            del failure

    @property
    def _began(self) -> bool:
        return self.projection is not None and self.projection.began

    async def _ask_at(
        self,
        target: Target,
        items: list[dict[str, Any]],
        spent: Usage,
        left: int | None,
        tools: RunTools,
        send: Send,
    ) -> Projection:
        """Ask there, with less history if the upstream says that the request is too long."""
        limit = _limit(left, target)
        for shorter in count():
            projection = self.projection = Projection(
                self._run,
                tools=tools,
                streamed=self._run.streamed,
                cut_from=limit.cut_from if limit else None,
                target=target,
            )
            request = await self._reading.request(
                target,
                items,
                spent,
                max_output_tokens=limit.sent if limit else None,
                tools=tools.offers(),
            )
            try:
                await self._answer(target, request, projection, send)
                break
            except ModelError as error:
                too_long = error.cause == "length" and not projection.began
                if not too_long or shorter == _SHORTENED or not self._reading.shorten():
                    raise
                logger.warning("run %s: asking again with less history", self._run.id)
        return projection

    async def _answer(
        self, target: Target, request: dict[str, Any], projection: Projection, send: Send
    ) -> None:
        model = await self._upstreams.client(target.upstream)
        events = model.events(request, stream=self._run.streamed)
        async with aclosing(events) as batches:
            async for batch in batches:
                for event in batch:
                    projection.apply(event)
                if not projection.ended:
                    await send(projection.changes)

    def _log_answer(self, target: Target) -> None:
        """Log who answered, if the run's model does not say so."""
        first = self._upstreams.target(self._run.model)
        if target.upstream is not first.upstream or target.model != self._run.model:
            logger.info(
                "run %s: %s was answered by %s", self._run.id, self._run.model, _named(target)
            )


def _named(target: Target) -> str:
    return f"{target.model} of {target.upstream.name}"


def _limit(left: int | None, target: Target) -> OutputLimit | None:
    most = target.max_output
    if left is None or (most is not None and most < left):
        left = most
    return None if left is None else output_limit(left)
