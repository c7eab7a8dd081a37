"""Reads the lists of models that the upstreams offer, once a day and in the background."""

import asyncio
import logging
from collections.abc import Sequence, Set

from app.core.model_list import ListedModel, NotListed, list_models
from app.core.periodic import Periodic
from app.core.upstream import Upstream
from app.core.upstream_choice import UpstreamChoice
from app.db import assistants
from app.db.database import Database
from app.services.retirement_warnings import retirement_warnings

logger = logging.getLogger(__name__)

_DAY = 24 * 60 * 60.0
_SECONDS = 20.0


class ModelLists:
    """What the upstreams offer, as far as it is of use.

    OpenAI's list has the days on which models are shut down. Others are read for the patterns in
    the providers file: the models that match them can be listed here too. Then the log says which
    models of assistants are shut down, and when.
    """

    def __init__(self, database: Database, upstreams: UpstreamChoice) -> None:
        self._database = database
        self._upstreams = upstreams
        self._listed: dict[str, Sequence[ListedModel]] = {}
        self._reading = Periodic("model lists", self._read_all, every=_DAY)

    def open(self) -> None:
        self._reading.open()

    async def close(self) -> None:
        await self._reading.close()

    def watch(self, upstreams: UpstreamChoice) -> None:
        """Read the lists of these upstreams from now on."""
        self._upstreams = upstreams
        self._reading.wake()

    def offered(self, upstream: Upstream) -> list[str]:
        """Return the models that the upstream lists and that match one of its patterns."""
        listed = self._listed.get(upstream.name, ())
        return sorted(one.id for one in listed if upstream.matches(one.id))

    async def _read_all(self) -> None:
        upstreams = self._upstreams
        # Before too: without a network, reading takes long.
        warnings = await self._warn(upstreams, frozenset())
        await asyncio.gather(*(self._read(one, upstreams) for one in upstreams))
        await self._warn(upstreams, warnings)

    async def _warn(self, upstreams: UpstreamChoice, before: Set[str]) -> Set[str]:
        """Log the warnings that are not among those before; return all."""
        models = await self._database.read(assistants.models_in_use)
        warnings = retirement_warnings(upstreams, models)
        for warning in warnings:
            if warning not in before:
                logger.warning(warning)
        return {*warnings}

    async def _read(self, upstream: Upstream, upstreams: UpstreamChoice) -> None:
        dated = upstream.mode == "openai" and upstreams.retirements.active
        if not dated and not upstream.patterns:
            return
        try:
            listed = await list_models(upstream, _SECONDS)
        except NotListed as error:
            # What was read before, and the dates in our own file, still hold.
            logger.info("the models of %s can't be listed: %s", upstream.place, error)
            return
        self._listed[upstream.name] = listed
        if dated:
            upstreams.retirements.correct({one.id: one.shutdown for one in listed if one.dated})
