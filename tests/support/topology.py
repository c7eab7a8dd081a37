"""Two servers behind nginx, as in `compose.yaml`, and clients that keep them busy."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

from tests.support.checked_clients import checked_http
from tests.support.nginx import Nginx
from tests.support.stream_reader import NotStreamed, following, streaming
from tests.support.talk import ended, text_of

T = TypeVar("T")
KEY = "key-of-the-site"
_TURNS_OF_A_CONVERSATION = 3
_ASSISTANT = {"assistant_id": "asst_default"}
_FILE_BYTES = 200_000

# A turn sends its text, and returns when it was answered. It raises `Unanswered` if the client
# can't know whether the server has received it.
Turn = Callable[[httpx.Client, str], None]


class Unanswered(Exception):
    """The server was lost before it answered: what was sent may have been saved, or not."""


class Load:
    """Clients that send requests through nginx, each one after the other, until `stop`.

    `accepted` are the texts that the service has taken over, `answered` those of them whose
    answer was seen; `unanswered` says what failed. `files` are bytes by their file's id.
    """

    def __init__(self, front: Nginx) -> None:
        self._front = front
        self._stop = threading.Event()
        self.accepted: list[str] = []
        self.answered: list[str] = []
        self.unanswered: list[str] = []
        self.resumed = 0
        self.files: dict[str, bytes] = {}

    def client(self) -> httpx.Client:
        return site_client(self._front)

    def stop(self) -> None:
        self._stop.set()

    def keep_busy(self, name: str, turn: Turn) -> None:
        with self.client() as http:
            number = 0
            while not self._stop.is_set():
                number += 1
                text = f"{name} says this as number {number} of its own"
                try:
                    turn(http, text)
                except Unanswered as lost:
                    self.unanswered.append(f"{text}: {lost}")
                else:
                    self.answered.append(text)

    def conversation(self) -> Turn:
        """Plain chats, a few of them on one thread."""
        thread_id, said = None, 0

        def turn(http: httpx.Client, text: str) -> None:
            nonlocal thread_id, said
            if said % _TURNS_OF_A_CONVERSATION == 0:
                thread_id = None
            body = {"message": text, "thread_id": thread_id}
            said, thread_id = said + 1, None
            reply = sent(lambda: http.post("/chat", json=body)).json()
            thread_id = reply["thread_id"]
            self.accepted.append(text)
            assert reply["message"] == f"Answer to: {text}"

        return turn

    def streamed_chat(self, http: httpx.Client, text: str) -> None:
        """A streamed chat; if it is interrupted, it is followed through the other server."""
        path, last = "", 0
        try:
            with streaming(http, "/chat", {"message": text}) as reader:
                headers = reader.response.headers
                path = f"/threads/{headers['x-thread-id']}/runs/{headers['x-run-id']}"
                self.accepted.append(text)
                while (event := reader.next()) is not None and event.name == "delta":
                    last = event.id
                assert event is not None, "the stream ended without an answer"
                assert event.data["message"] == f"Answer to: {text}"
        except NotStreamed as refused:
            if was_lost(refused.response):
                raise Unanswered(str(refused)) from refused
            raise
        except httpx.TransportError as error:
            if not path:
                raise Unanswered(repr(error)) from error
            self._resume(http, path, last, text)

    def _resume(self, http: httpx.Client, path: str, last: int, text: str) -> None:
        with following(http, path, last) as reader:
            message = reader.until("thread.message.completed").data
            assert text_of(message) == f"Answer to: {text}"
            assert [event.name for event in reader.rest()][-2:] == ["thread.run.completed", "done"]
        self.resumed += 1

    def run(self, http: httpx.Client, text: str) -> None:
        """A thread with its run, polled until it has ended."""
        body = {**_ASSISTANT, "thread": {"messages": [{"role": "user", "content": text}]}}
        run = sent(lambda: http.post("/threads/runs", json=body)).json()
        self.accepted.append(text)
        path = f"/threads/{run['thread_id']}/runs/{run['id']}"
        assert twice_if_cut(lambda: ended(http, path))["status"] == "completed"

    def upload(self, http: httpx.Client, text: str) -> None:
        """A file, uploaded and downloaded."""
        content = (text.encode() * (_FILE_BYTES // len(text)))[: _FILE_BYTES - len(text)]
        form: Any = {"files": {"file": ("a.txt", content)}, "data": {"purpose": "assistants"}}
        file_id = sent(lambda: http.post("/files", **form)).json()["id"]
        self.files[file_id] = content
        got = twice_if_cut(lambda: http.get(f"/files/{file_id}/content"))
        assert got.content == content


def site_client(front: Nginx, *, base_url: str = "", **options: Any) -> httpx.Client:
    headers = {"authorization": f"Bearer {KEY}"}
    return checked_http(base_url or front.base_url, verify=front.verify, headers=headers, **options)


def sent(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Return the answer; raise `Unanswered` if nginx reports that a server was lost."""
    try:
        response = ask()
    except httpx.TransportError as error:
        raise Unanswered(repr(error)) from error
    if was_lost(response):
        raise Unanswered(response.text)
    assert response.status_code == 200, response.text
    return response


def was_lost(response: httpx.Response) -> bool:
    """Return whether nginx reports that the server was lost before it answered."""
    if response.status_code != 502:
        return False
    code: str = response.json()["error"]["code"]
    return code == "server_unreachable"


def twice_if_cut(read: Callable[[], T]) -> T:
    """Read, and once more if the answer was cut: nginx can't retry once it has sent a part."""
    try:
        return read()
    except httpx.TransportError:
        return read()


@contextmanager
def busy(front: Nginx, clients_of_a_kind: int) -> Iterator[Load]:
    """Keep the service busy until the block ends, then wait for the requests in progress."""
    load = Load(front)
    turns: list[tuple[str, Turn]] = []
    for number in range(clients_of_a_kind):
        turns += [
            (f"chatter {number}", load.conversation()),
            (f"streamer {number}", load.streamed_chat),
            (f"runner {number}", load.run),
            (f"uploader {number}", load.upload),
        ]
    with ThreadPoolExecutor(len(turns)) as executor:
        clients = [executor.submit(load.keep_busy, name, turn) for name, turn in turns]
        try:
            yield load
        finally:
            load.stop()
    for client in clients:
        client.result()
