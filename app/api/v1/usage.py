"""`/usage`."""

import re
from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from app.api.deps import CallerDep, ServicesDep
from app.api.routing import router
from app.schemas.usage import UsageList

routes = router("usage")


def _iso_day(value: object) -> object:
    # Pydantic would read a bare number as seconds since 1970.
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise PydanticCustomError("day", "expected a day as YYYY-MM-DD")
    return value


_Day = Annotated[date, BeforeValidator(_iso_day)]
StartDay = Annotated[
    _Day | None, Query(description="The first day (UTC); default: 29 days earlier.")
]
EndDay = Annotated[_Day | None, Query(description="The last day (UTC); today by default.")]


@routes.get("/usage")
async def report_usage(
    services: ServicesDep,
    caller: CallerDep,
    start_date: StartDay = None,
    end_date: EndDay = None,
) -> UsageList:
    """Report the runs and tokens of the caller's project by day, assistant and model."""
    return await services.usage.report(caller, start_date, end_date)
