"""The yardstick: a minimal FastAPI app that answers through the SDK's typed calls.

It stores nothing and does nothing else. Threadkeeper's cost is reported as a ratio to it.
"""

import argparse
import json
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI
from pydantic import BaseModel

_MODEL = "gpt-5.4-mini"


class ChatRequest(BaseModel):
    message: str


class ChatReply(BaseModel):
    message: str


def create_app(base_url: str) -> FastAPI:
    """Return the application, which calls the Responses API at `base_url`."""
    app = FastAPI()
    client = AsyncOpenAI(api_key="not-needed", base_url=base_url)

    @app.post("/chat")
    async def chat(body: ChatRequest) -> ChatReply:
        response = await client.responses.create(model=_MODEL, input=body.message, store=False)
        return ChatReply(message=response.output_text)

    @app.post("/chat/stream")
    async def stream(body: ChatRequest) -> StreamingResponse:
        return StreamingResponse(relay(body.message), media_type="text/event-stream")

    async def relay(message: str) -> AsyncIterator[str]:
        events = await client.responses.create(
            model=_MODEL, input=message, store=False, stream=True
        )
        async for event in events:
            if event.type == "response.output_text.delta":
                yield f"event: delta\ndata: {json.dumps({'delta': event.delta})}\n\n"
        yield "event: done\ndata: [DONE]\n\n"

    return app


def main() -> None:
    """Serve from this process until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--base-url", required=True, help="of the Responses API")
    arguments = parser.parse_args()
    app = create_app(arguments.base_url)
    uvicorn.run(app, port=arguments.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
