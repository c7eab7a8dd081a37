"""One-line helpers for threads and runs."""

from typing import Any

import httpx
import openai

from app.domain.run_status import TERMINAL
from tests.support.waiting import wait_until


def finished(client: openai.OpenAI, thread_id: str, assistant_id: str, **options: Any) -> Any:
    """Return a new run once it has ended, or waits for its client.

    It is the SDK's `Run`, typed as Any: most fields may be None, and a test knows which are not.
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
    """Return the roles and texts of a thread's messages, oldest first."""
    page = http.get(f"/threads/{thread_id}/messages", params={"order": "asc", "limit": 100}).json()
    return [(message["role"], text_of(message)) for message in page["data"]]


def text_of(message: dict[str, Any]) -> str:
    return "".join(part["text"]["value"] for part in message["content"] if part["type"] == "text")


def error_of(response: httpx.Response, status: int = 400) -> dict[str, Any]:
    """Return an answer's error, after checking its status."""
    assert response.status_code == status, response.text
    error: dict[str, Any] = response.json()["error"]
    return error
