"""Warns of assistants and settings whose models OpenAI retires."""

from collections.abc import Iterable

from app.core.retirements import Retirement, today
from app.core.upstream_choice import UpstreamChoice


def retirement_warnings(upstreams: UpstreamChoice, models: Iterable[str]) -> list[str]:
    """Say for each of the models in use when it is shut down, and what answers instead."""
    found = (upstreams.retirement(model) for model in models)
    return [_warning(upstreams, retirement) for retirement in found if retirement is not None]


def _warning(upstreams: UpstreamChoice, retirement: Retirement) -> str:
    model, day = retirement.model, retirement.shutdown
    instead = upstreams.retirements.replacement_on(model, max(day, today()))
    over = retirement.is_over(today())
    said = f"OpenAI shut down {model} on {day}" if over else f"OpenAI shuts down {model} on {day}"
    if instead is None:
        return f"{said}; choose another model"
    if upstreams.retirements.switches:
        return f"{said}; {instead} {'answers' if over else 'will answer'} instead"
    return f"{said}; use {instead} instead"
