"""What many tests do with threads and runs, in a line each."""

from typing import Any

import httpx
import openai

from app.domain.run_status import TERMINAL
from tests.support.waiting import wait_until


def finished(client: openai.OpenAI, thread_id: str, assistant_id: str, **options: Any) -> Any:
    """Return a new run once it has ended, or waits for its client.

    An SDK's `Run`, but not by its type: most of it may be None, and a test knows what is not.
    """
    return client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id=assistant_id, **options
    )


def ended(http: httpx.Client, path: str) -> dict[str, Any]:
    """Return the run at `path` once it is in a terminal status."""

    def look() -> dict[str, Any] | None:
        run: dict[str, Any] = http.get(path).json()
        return run if run["status"] in TERMINAL else None

    run = wait_until(look)
    assert run is not None
    return run


def texts(http: httpx.Client, thread_id: str) -> list[tuple[str, str]]:
    """Return who said what in a thread, the first first."""
    page = http.get(f"/threads/{thread_id}/messages", params={"order": "asc", "limit": 100}).json()
    return [(message["role"], text_of(message)) for message in page["data"]]


def text_of(message: dict[str, Any]) -> str:
    return "".join(part["text"]["value"] for part in message["content"] if part["type"] == "text")


def error_of(response: httpx.Response, status: int = 400) -> dict[str, Any]:
    """Return what an error says, having looked at its status."""
    assert response.status_code == status, response.text
    error: dict[str, Any] = response.json()["error"]
    return error
