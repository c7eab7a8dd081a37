"""`/insights`."""

from typing import Annotated

from fastapi import Depends, Query

from app.api.deps import CallerDep, ServicesDep
from app.api.routing import router
from app.api.v1.usage import EndDay, StartDay
from app.schemas.insights import InsightList, QuestionList
from app.services.insights import Asked

routes = router("insights")


async def _asked(
    start_date: StartDay = None,
    end_date: EndDay = None,
    assistant_id: Annotated[
        str | None, Query(max_length=256, description="Only what this assistant did.")
    ] = None,
) -> Asked:
    return Asked(start_date, end_date, assistant_id)


AskedDep = Annotated[Asked, Depends(_asked)]


@routes.get("/insights")
async def report_insights(asked: AskedDep, services: ServicesDep, caller: CallerDep) -> InsightList:
    """Report what the project's assistants did, by day and assistant: up to 366 days."""
    return await services.insights.report(caller, asked)


@routes.get("/insights/questions")
async def list_unanswered_questions(
    asked: AskedDep,
    services: ServicesDep,
    caller: CallerDep,
    limit: Annotated[int, Query(ge=1, le=100, description="The maximum number of groups.")] = 20,
) -> QuestionList:
    """List the questions that found no passage or got a thumb down, most frequent first.

    Questions that share at least half of their words are one group: without case, particles,
    endings and common words. Synonyms are different words.
    """
    return await services.insights.questions(caller, asked, limit)
