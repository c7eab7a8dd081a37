"""`/assistants/{assistant_id}/answers`."""

from app.api.deps import CallerDep, PageDep, ServicesDep
from app.api.routing import router
from app.schemas.answers import Answer, AnswerCreate, AnswerDeleted, AnswerUpdate
from app.schemas.common import ListPage

routes = router("answers")


@routes.post("/assistants/{assistant_id}/answers")
async def create_answer(
    assistant_id: str, body: AnswerCreate, services: ServicesDep, caller: CallerDep
) -> Answer:
    """Write the right answer to a question into the assistant's knowledge.

    It becomes a text file in the assistant's vector store, which is created if it has none, and is
    found by `file_search` once it is indexed.
    """
    return await services.answers.create(caller.project, assistant_id, body)


@routes.get("/assistants/{assistant_id}/answers")
async def list_answers(
    assistant_id: str, page: PageDep, services: ServicesDep, caller: CallerDep
) -> ListPage[Answer]:
    """List the assistant's answers, those that were changed last first."""
    return await services.answers.list(caller.project, assistant_id, page)


@routes.get("/assistants/{assistant_id}/answers/{answer_id}")
async def retrieve_answer(
    assistant_id: str, answer_id: str, services: ServicesDep, caller: CallerDep
) -> Answer:
    """Retrieve an answer."""
    return await services.answers.retrieve(caller.project, assistant_id, answer_id)


@routes.post("/assistants/{assistant_id}/answers/{answer_id}")
async def update_answer(
    assistant_id: str,
    answer_id: str,
    body: AnswerUpdate,
    services: ServicesDep,
    caller: CallerDep,
) -> Answer:
    """Change a question or its answer. Its id stays; its file is replaced and indexed again."""
    return await services.answers.update(caller.project, assistant_id, answer_id, body)


@routes.delete("/assistants/{assistant_id}/answers/{answer_id}")
async def delete_answer(
    assistant_id: str, answer_id: str, services: ServicesDep, caller: CallerDep
) -> AnswerDeleted:
    """Delete an answer, with its file."""
    return await services.answers.delete(caller.project, assistant_id, answer_id)
