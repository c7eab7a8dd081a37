"""Searches that cost as much as a search may: long questions, large filters, many at once."""

import random
from typing import Any

from benchmarks.attackers.attacker import Attacker
from benchmarks.search import noise

_FILES = 50  # of a hundred chunks each
_FILES_OF_AN_UPLOAD = 10
_LETTERS = 8000
_QUESTIONS = 8
_WORDS_OF_A_THREAD_SEARCH = 400  # characters
_READ_SECONDS = 240.0


class LongQuestions(Attacker):
    """Asks a store of five thousand passages, and its own threads, with the store's own words."""

    clients = 6

    async def prepare(self) -> None:
        texts = [text for _, text in noise(_FILES)]
        self._words = sorted({word for text in texts for word in text.split()})
        self._chance = random.Random(20_261_127)
        store = await self.send("/vector_stores", {"name": "many passages"})
        self._store = f"/vector_stores/{store['id']}"
        chunking = {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50}
        for first in range(0, _FILES, _FILES_OF_AN_UPLOAD):
            content = "\n".join(texts[first : first + _FILES_OF_AN_UPLOAD]).encode()
            body = {
                "file_id": await self.upload(f"noise-{first}.txt", content),
                "chunking_strategy": {"type": "static", "static": chunking},
                "attributes": {"number": first},
            }
            await self.send(f"{self._store}/files", body)
        await self.until_read(self._store, _READ_SECONDS)
        for number in range(50):
            said = {"role": "user", "content": f"thread {number}: {self._said(8000)}"}
            await self.send("/threads", {"messages": [said]})

    async def strike(self, number: int) -> None:
        kind = number % 3
        if kind == 2:
            params = {"q": self._said(_WORDS_OF_A_THREAD_SEARCH)}
            await self.ask("GET", "/threads", params=params)
            return
        questions = [self._said(_LETTERS) for _ in range(_QUESTIONS if kind else 1)]
        body = {"query": questions, "max_num_results": 50, "filters": self._filter()}
        await self.send(f"{self._store}/search", body)

    def _said(self, letters: int) -> str:
        words = self._chance.choices(self._words, k=letters // 2)
        return " ".join(words)[:letters].strip()

    def _filter(self) -> dict[str, Any]:
        """Return as large a filter as is taken, which every file passes."""
        ranges = [{"type": "gte", "key": "number", "value": -number} for number in range(98)]
        return {"type": "or", "filters": ranges}
