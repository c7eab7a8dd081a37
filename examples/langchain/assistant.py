"""LangChain's runnable for assistants, with a LangChain tool, on your own server.

    pip install langchain-classic openai
    python assistant.py

`OpenAIAssistantRunnable` is LangChain's support for this API; since LangChain 1 it is in
`langchain-classic`, which only gets security fixes. It uses the client that it is given, whose
`base_url` is the only difference.
"""

import os
import warnings
from typing import Literal

from langchain_classic.agents.openai_assistant import OpenAIAssistantRunnable
from langchain_core.agents import AgentFinish
from langchain_core.tools import tool
from openai import AsyncOpenAI, OpenAI

# The SDK warns at every call that OpenAI has shut this API down. This server still offers it.
warnings.filterwarnings("ignore", category=DeprecationWarning)

SERVER = {
    "base_url": os.environ.get("THREADKEEPER_URL", "http://127.0.0.1:8010/api/v1"),
    "api_key": os.environ.get("THREADKEEPER_API_KEY") or "not-needed",
}
MODEL = os.environ.get("THREADKEEPER_MODEL", "gpt-5.4-mini")

# The demo model calls a function if the message names it; a real model needs no such hint.
QUESTIONS = [
    "screen_status로 로비 화면 상태를 알려 주세요.",
    "제가 방금 뭐라고 했죠?",
]


@tool
def screen_status(screen: Literal["로비", "계산대"]) -> str:
    """Returns whether a screen of the shop is on, and what it shows."""
    return f"{screen}: 켜짐, '여름 할인' 재생 중"


TOOLS = {screen_status.name: screen_status}


def answer_to(assistant: OpenAIAssistantRunnable, question: dict[str, str]) -> AgentFinish:
    """Ask, run the tools that the assistant calls, and return its final answer."""
    step = assistant.invoke(question)
    while not isinstance(step, AgentFinish):
        outputs = []
        for action in step:
            output = TOOLS[action.tool].invoke(action.tool_input)
            print(f"{action.tool}({action.tool_input}) → {output}")
            outputs.append({"tool_call_id": action.tool_call_id, "output": output})
        run = {"thread_id": action.thread_id, "run_id": action.run_id}
        step = assistant.invoke({"tool_outputs": outputs, **run})
    return step


def main() -> None:
    client = OpenAI(**SERVER)
    assistant = OpenAIAssistantRunnable.create_assistant(
        name="매장 도우미",
        instructions="매장의 화면에 대해 한국어로 짧게 답하세요.",
        tools=[screen_status],
        model=MODEL,
        client=client,
        # Without it, `ainvoke` would call OpenAI with this server's key.
        async_client=AsyncOpenAI(**SERVER),
        as_agent=True,
        # The polling interval.
        check_every_ms=100,
    )
    question = {"content": QUESTIONS[0]}
    first = answer_to(assistant, question)
    print(f"> {question['content']}\n{first.return_values['output']}\n")
    # The same thread, so the same conversation.
    question = {"content": QUESTIONS[1], "thread_id": first.thread_id}
    second = answer_to(assistant, question)
    print(f"> {question['content']}\n{second.return_values['output']}")

    # The server keeps both for reuse; an example cleans up after itself.
    client.beta.threads.delete(first.thread_id)
    client.beta.assistants.delete(assistant.assistant_id)


if __name__ == "__main__":
    main()
