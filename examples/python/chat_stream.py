"""An answer that is shown while it is written.

pip install httpx
python chat_stream.py
python chat_stream.py "가을 신상품을 소개하는 문구를 써 주세요."
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

URL = os.environ.get("THREADKEEPER_URL", "http://127.0.0.1:8010/api/v1")
API_KEY = os.environ.get("THREADKEEPER_API_KEY")
HEADERS = {"Authorization": f"Bearer {API_KEY}"} if API_KEY else {}

QUESTION = "매장 입구 화면에 띄울 여름 할인 문구를 한 줄로 써 주세요."


def events(chunks: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each server-sent event's name and data.

    A chunk may end in the middle of an event. `iter_lines` does not work here: it also splits at
    line separators that a text may contain.
    """
    rest = ""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split("\n\n")
        for event in whole:
            # Lines are "name: value"; one that begins with a colon is a keep-alive comment.
            fields = dict(line.split(": ", 1) for line in event.split("\n") if ": " in line)
            if "event" in fields:
                yield fields["event"], json.loads(fields["data"])


def stream(client: httpx.Client, message: str, thread_id: str | None = None) -> dict[str, Any]:
    """Print the answer as it comes, and return the object that the plain call returns."""
    body = {"message": message, "thread_id": thread_id, "stream": True}
    with client.stream("POST", f"{URL}/chat", json=body) as response:
        if response.is_error:
            raise RuntimeError(f"{response.status_code}: {response.read().decode()}")
        for name, data in events(response.iter_text()):
            if name == "delta":
                print(data["delta"], end="", flush=True)
            elif name == "message":
                print()
                return data
            elif name == "error":
                raise RuntimeError(data["error"]["message"])
    # The run continues on the server: GET /threads/{id}/messages returns the answer later.
    raise RuntimeError("the connection was lost in the middle of the answer")


def main(question: str) -> None:
    # The server sends something at least every 15 seconds; a longer silence means that the
    # connection is lost.
    with httpx.Client(headers=HEADERS, timeout=60) as client:
        answer = stream(client, question)
        print(f"\nthread: {answer['thread_id']}, tokens: {answer['usage']['total_tokens']}")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or QUESTION)
