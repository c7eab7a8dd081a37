"""Answers from a document: upload it, let an assistant search it, and show the citations.

pip install openai
python files.py
python files.py 내문서.pdf "환불은 며칠 안에 되나요?"
"""

import os
import sys
import warnings
from pathlib import Path
from typing import Any

from openai import OpenAI

# The SDK warns at every call that OpenAI has shut this API down. This server still offers it.
warnings.filterwarnings("ignore", category=DeprecationWarning)

client = OpenAI(
    base_url=os.environ.get("THREADKEEPER_URL", "http://127.0.0.1:8010/api/v1"),
    api_key=os.environ.get("THREADKEEPER_API_KEY") or "not-needed",
)
MODEL = os.environ.get("THREADKEEPER_MODEL", "gpt-5.4-mini")

GUIDE = str(Path(__file__).parents[1] / "shop-guide.md")
QUESTION = "영수증이 있으면 며칠 안에 환불되나요?"
# With small chunks, an answer quotes just the rule that it needs. The default is 800 tokens.
SMALL_CHUNKS: Any = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 0},
}
# Asks the server to include the passages that a search found.
PASSAGES: Any = "step_details.tool_calls[*].file_search.results[*].content"


def ask(assistant_id: str, question: str) -> None:
    """Print the answer with numbered footnotes, and the passages it is based on."""
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant_id, thread={"messages": [{"role": "user", "content": question}]}
    )
    if run.status != "completed":
        raise RuntimeError(f"the run is {run.status}: {run.last_error}")
    thread_id = run.thread_id
    for message in client.beta.threads.messages.list(thread_id, run_id=run.id, order="asc"):
        for part in message.content:
            if part.type == "text":
                print(with_footnotes(part.text))
    for step in client.beta.threads.runs.steps.list(
        run.id, thread_id=thread_id, include=[PASSAGES]
    ):
        if step.step_details.type == "tool_calls":
            for call in step.step_details.tool_calls:
                if call.type == "file_search":
                    print_passages(call)
    client.beta.threads.delete(thread_id)


def with_footnotes(text: Any) -> str:
    """Replace the citations in the text with [1], [2] …, and list the files' names below."""
    value, end, notes = "", 0, []
    for number, citation in enumerate(text.annotations, 1):
        # Offsets count characters, as in Python; the cited range is a marker like 【0:0†file】.
        value += f"{text.value[end : citation.start_index]}[{number}]"
        end = citation.end_index
        name = client.files.retrieve(citation.file_citation.file_id).filename
        notes.append(f"[{number}] {name}")
    return "\n".join([value + text.value[end:], *notes])


def print_passages(call: Any) -> None:
    for result in call.file_search.results or []:
        for part in result.content or []:
            print(f"\n({result.file_name}, {result.score:.2f}) {part.text}")


def main(path: str, question: str) -> None:
    store = client.vector_stores.create(name="매장 안내")
    with Path(path).open("rb") as document:
        file = client.vector_stores.files.upload_and_poll(
            vector_store_id=store.id, file=document, chunking_strategy=SMALL_CHUNKS
        )
    print(f"{path}: {file.status}")
    if file.last_error:
        raise RuntimeError(file.last_error.message)
    assistant = client.beta.assistants.create(
        model=MODEL,
        instructions="문서에 있는 내용만 답하고 출처를 표시하세요.",
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_store_ids": [store.id]}},
    )
    print(f"> {question}")
    ask(assistant.id, question)

    # The server keeps all of it for reuse; an example cleans up after itself.
    client.beta.assistants.delete(assistant.id)
    client.vector_stores.delete(store.id)
    client.files.delete(file.id)


if __name__ == "__main__":
    main(*(sys.argv[1:3] if len(sys.argv) > 2 else (GUIDE, QUESTION)))
