"""Where bad requests go."""

import httpx
import pytest


@pytest.fixture(scope="session")
def places(server) -> dict[str, str]:
    """Ids to fill into paths and bodies: objects that are there, and stay as they are."""
    http: httpx.Client = server.http
    thread = http.post("/threads", json={"messages": [{"role": "user", "content": "x"}]}).json()
    messages = http.get(f"/threads/{thread['id']}/messages").json()
    return {
        "assistant": http.post("/assistants", json={"model": "m"}).json()["id"],
        "thread": thread["id"],
        "message": messages["first_id"],
    }
