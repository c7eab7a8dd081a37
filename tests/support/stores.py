"""One-line helpers for vector stores and their files."""

from typing import Any

import openai

from tests.support.waiting import wait_until


def uploaded(client: openai.OpenAI, text: str | bytes, name: str = "notes.txt") -> str:
    """Return the id of a new file."""
    content = text.encode() if isinstance(text, str) else text
    return client.files.create(file=(name, content), purpose="assistants").id


def filled(client: openai.OpenAI, store_id: str, **texts: str) -> dict[str, str]:
    """Add a text file for each argument to the store, and read it; return their ids by name."""
    ids = {name: uploaded(client, text, f"{name}.txt") for name, text in texts.items()}
    batch = client.vector_stores.file_batches.create_and_poll(store_id, file_ids=[*ids.values()])
    assert batch.file_counts.completed == len(ids)
    return ids


def found(client: openai.OpenAI, store_id: str, query: Any, **options: Any) -> list[str]:
    """Return the ids of the files that a search finds, best first."""
    page = client.vector_stores.search(store_id, query=query, **options)
    return [result.file_id for result in page.data]


def counts(client: openai.OpenAI, store_id: str) -> dict[str, int]:
    """Return the number of files by status, without statuses that no file has."""
    every = client.vector_stores.retrieve(store_id).file_counts.to_dict()
    return {status: int(str(count)) for status, count in every.items() if count}


def settled(client: openai.OpenAI, store_id: str) -> dict[str, int]:
    """Return the counts once nothing is being read."""
    wait_until(lambda: "in_progress" not in counts(client, store_id), 90)
    return counts(client, store_id)
