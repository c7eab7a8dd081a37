"""Record the streams of the real model servers, for tests on machines without them.

    .venv/bin/python -m tests.support.record_streams

asks each installed server the same three things, by both APIs, and writes its answers, byte for
byte, to `tests/fixtures/streams/<server>-<case>.sse` and `<server>-chat-<case>.sse`.
`tests/unit/test_recorded_streams.py` replays them.
Record again after another version is pinned in `scripts/model_servers.py`.
"""

import tempfile
from pathlib import Path
from typing import Any

import httpx

from app.core.chat_completions.request import chat_request
from app.core.model import Api
from app.core.upstream import PATHS
from tests.support.model_server_commands import BOUND, CALL, FREE, KEY, model_name
from tests.support.model_servers import ModelServers

FOLDER = Path(__file__).parents[1] / "fixtures" / "streams"
SERVERS = ("llama-server", "litellm", "llama-stack")
WEATHER = {
    "type": "function",
    "name": "weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["서울"]}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": False,
}
# A case's llama-server, and the rest of its request.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "text": (BOUND, {"max_output_tokens": 48}),
    "cut": (BOUND, {"max_output_tokens": 16}),
    "call": (
        FREE,
        {"tools": [WEATHER], "tool_choice": "required", "max_output_tokens": 256},
    ),
}


def file_of(server: str, case: str, api: Api) -> Path:
    """Return the file of a recorded stream."""
    name = f"{server}-{case}" if api == "responses" else f"{server}-chat-{case}"
    return FOLDER / f"{name}.sse"


def record(servers: ModelServers, api: Api) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for server in SERVERS:
        for case, (backend, more) in CASES.items():
            url = servers.url(backend if server == "llama-server" else server)
            message = {"role": "user", "content": [{"type": "input_text", "text": CALL}]}
            body = {
                "model": model_name(server, backend),
                "input": [message],
                "store": False,
                **more,
            }
            chat = chat_request(body, stream=True)
            answer = httpx.post(
                f"{url}/v1/{PATHS[api]}",
                json={**body, "stream": True} if api == "responses" else chat,
                headers={"authorization": f"Bearer {KEY}"},
                timeout=300,
            )
            answer.raise_for_status()
            file_of(server, case, api).write_bytes(answer.content)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        servers = ModelServers(Path(folder))
        try:
            with servers.exclusively():
                record(servers, "responses")
                record(servers, "chat_completions")
        finally:
            servers.stop()


if __name__ == "__main__":
    main()
