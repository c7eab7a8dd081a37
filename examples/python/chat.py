"""A question and a follow-up in the same conversation, with two plain calls.

pip install requests
python chat.py
python chat.py "여름 할인 문구를 한 줄로 써 주세요." "더 짧게 써 주세요."
"""

import os
import sys
from typing import Any

import requests

URL = os.environ.get("THREADKEEPER_URL", "http://127.0.0.1:8010/api/v1")
API_KEY = os.environ.get("THREADKEEPER_API_KEY")

QUESTIONS = [
    "매장 입구 화면에 띄울 여름 할인 문구를 한 줄로 써 주세요.",
    "제가 방금 뭐라고 했죠?",
]

# A session keeps the connection open, which makes further calls faster.
session = requests.Session()
if API_KEY:
    session.headers["Authorization"] = f"Bearer {API_KEY}"


def say(message: str, thread_id: str | None = None) -> dict[str, Any]:
    """Return the answer; without a thread id, start a new conversation."""
    response = session.post(
        f"{URL}/chat",
        json={"message": message, "thread_id": thread_id},
        # Seconds to connect, and to wait for the answer: a model may think for a while.
        timeout=(5, 300),
    )
    if not response.ok:
        # {"error": {"message": …, "type": …, "param": …, "code": …}}
        raise RuntimeError(f"{response.status_code}: {response.text}")
    return response.json()


def main(questions: list[str]) -> None:
    thread_id = None
    for question in questions:
        answer = say(question, thread_id)
        # Send the answer's thread id with the next question to continue the conversation.
        thread_id = answer["thread_id"]
        print(f"> {question}\n{answer['message']}\n")
    print(f"thread: {thread_id}")


if __name__ == "__main__":
    main(sys.argv[1:] or QUESTIONS)
