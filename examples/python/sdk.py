"""OpenAI's SDK: an assistant, a thread, and a run that calls a function of this program.

Only `base_url` differs from a program written for OpenAI.

    pip install openai
    python sdk.py
"""

import json
import os
import warnings
from typing import Any

from openai import OpenAI

# The SDK warns at every call that OpenAI has shut this API down. This server still offers it.
warnings.filterwarnings("ignore", category=DeprecationWarning)

client = OpenAI(
    base_url=os.environ.get("THREADKEEPER_URL", "http://127.0.0.1:8010/api/v1"),
    # The SDK requires a key even if the server doesn't.
    api_key=os.environ.get("THREADKEEPER_API_KEY") or "not-needed",
)
MODEL = os.environ.get("THREADKEEPER_MODEL", "gpt-5.4-mini")

STOCK = {"우산": 3, "선풍기": 12}
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "count_stock",
        "description": "Returns how many of a product are in stock.",
        "parameters": {
            "type": "object",
            "properties": {"product": {"type": "string", "enum": list(STOCK)}},
            "required": ["product"],
        },
    },
}
# The demo model calls a function if the message names it; a real model needs no such hint.
QUESTION = "count_stock으로 우산 재고를 확인하고 화면에 띄울 문구를 한 줄로 써 주세요."


def count_stock(product: str) -> str:
    return json.dumps({"product": product, "in_stock": STOCK.get(product, 0)}, ensure_ascii=False)


def output_of(call: Any) -> dict[str, str]:
    """Run the function that the model calls, and return its output."""
    arguments = json.loads(call.function.arguments)
    output = count_stock(**arguments)
    print(f"{call.function.name}({arguments}) → {output}")
    return {"tool_call_id": call.id, "output": output}


def run(thread_id: str, assistant_id: str) -> str:
    """Run the thread, print the answer while it is written, and return the run's final status."""
    runs = client.beta.threads.runs
    stream = runs.stream(thread_id=thread_id, assistant_id=assistant_id)
    while True:
        with stream as events:
            for text in events.text_deltas:
                print(text, end="", flush=True)
            ended = events.get_final_run()
        if ended.status != "requires_action" or ended.required_action is None:
            print()
            return ended.status
        calls = ended.required_action.submit_tool_outputs.tool_calls
        stream = runs.submit_tool_outputs_stream(
            thread_id=thread_id, run_id=ended.id, tool_outputs=[output_of(call) for call in calls]
        )


def main() -> None:
    assistant = client.beta.assistants.create(
        model=MODEL,
        name="매장 도우미",
        instructions="매장 화면에 띄울 문구를 한국어로 짧게 쓰세요.",
        tools=[TOOL],
    )
    thread = client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content=QUESTION)
    print(f"> {QUESTION}")
    print(f"run: {run(thread.id, assistant.id)}")

    # The server keeps both for reuse; an example cleans up after itself.
    client.beta.threads.delete(thread.id)
    client.beta.assistants.delete(assistant.id)


if __name__ == "__main__":
    main()
