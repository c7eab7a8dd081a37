"""Warns of assistants and settings whose models OpenAI retires."""

import logging
from collections.abc import Iterable

from app.core.retirements import Retirement, today
from app.core.upstream_choice import UpstreamChoice

logger = logging.getLogger(__name__)


def warn_of_retirements(upstreams: UpstreamChoice, models: Iterable[str]) -> None:
    """Log for each of the models in use when it is shut down, and what answers instead."""
    for model in dict.fromkeys(models):
        retirement = upstreams.retirement(model)
        if retirement is not None:
            logger.warning(_warning(upstreams, retirement))


def _warning(upstreams: UpstreamChoice, retirement: Retirement) -> str:
    model, day = retirement.model, retirement.shutdown
    instead = upstreams.retirements.heir_on(model, max(day, today()))
    over = retirement.is_over(today())
    said = f"OpenAI shut down {model} on {day}" if over else f"OpenAI shuts down {model} on {day}"
    if instead is None:
        return f"{said}; choose another model"
    if upstreams.retirements.switches:
        return f"{said}; {instead} {'answers' if over else 'will answer'} instead"
    return f"{said}; use {instead} instead"
