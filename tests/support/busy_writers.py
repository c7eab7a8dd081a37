"""Clients that write continuously, and record what the server has acknowledged."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.waiting import WAIT_SECONDS, wait_until

_WRITERS = 3


@dataclass
class Acknowledged:
    """`threads`: the texts in each, by id; `files`: the bytes of each, by id.

    `doomed` are files whose deletion has begun.
    """

    threads: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    doomed: set[str] = field(default_factory=set)

    def copy(self) -> "Acknowledged":
        return Acknowledged(dict(self.threads), dict(self.files), set(self.doomed))


class BusyWriters:
    def __init__(self, base_url: str) -> None:
        self._base_url = f"{base_url}/api/v1"
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._known = Acknowledged()
        self._faults: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(_WRITERS)]
        for thread in self._threads:
            thread.start()

    def acknowledged(self) -> Acknowledged:
        """Return what has been acknowledged so far."""
        with self._lock:
            assert not self._faults, self._faults
            return self._known.copy()

    def wait_for_more(self, threads: int) -> Acknowledged:
        """Wait for this many more threads; return what has been acknowledged then."""
        wanted = len(self.acknowledged().threads) + threads
        wait_until(lambda: len(self.acknowledged().threads) >= wanted)
        return self.acknowledged()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(WAIT_SECONDS)
        self.acknowledged()

    def _run(self) -> None:
        try:
            with httpx.Client(base_url=self._base_url, timeout=WAIT_SECONDS) as http:
                number = 0
                while not self._stopped.is_set():
                    number += 1
                    self._write(http, number)
        except BaseException as error:  # noqa: BLE001 - shown to the test that waits
            with self._lock:
                self._faults.append(error)

    def _write(self, http: httpx.Client, number: int) -> None:
        said = [f"message {number} of {threading.get_ident()}, 가나다"]
        begun: Any = {"messages": [{"role": "user", "content": said[0]}]}
        thread_id = _answer(http.post("/threads", json=begun))["id"]
        with self._lock:
            self._known.threads[thread_id] = [*said]
        if number % 5 == 0:
            self._add_file(http)
        if number % 20 == 0:
            self._delete_a_file(http)

    def _add_file(self, http: httpx.Client) -> None:
        content = os.urandom(50_000)
        form = {"files": {"file": ("a.bin", content)}, "data": {"purpose": "assistants"}}
        file_id = _answer(http.post("/files", **form))["id"]  # type: ignore[arg-type]
        with self._lock:
            self._known.files[file_id] = content

    def _delete_a_file(self, http: httpx.Client) -> None:
        with self._lock:
            left = [name for name in self._known.files if name not in self._known.doomed]
            if not left:
                return
            self._known.doomed.add(left[-1])
        _answer(http.delete(f"/files/{left[-1]}"))


def _answer(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


@contextmanager
def busy_writers(base_url: str) -> Iterator[BusyWriters]:
    """Write to a server from several clients until the block ends."""
    writers = BusyWriters(base_url)
    try:
        yield writers
    finally:
        writers.stop()
