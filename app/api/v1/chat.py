"""`POST /chat`: the one call that a web page needs."""

from app.api.deps import ServicesDep
from app.api.routing import router
from app.schemas.chat import ChatReply, ChatRequest

routes = router("chat")


@routes.post("/chat", response_model_exclude_none=True)
async def chat(body: ChatRequest, services: ServicesDep) -> ChatReply:
    """Say something and get the answer.

    Without `thread_id` a new thread begins; send the answer's `thread_id` to go on with it.
    """
    return await services.chat.reply(body)
