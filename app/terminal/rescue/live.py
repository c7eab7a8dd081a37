"""Reads a running server of the Assistants protocol: page by page, and politely."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx
from pydantic_core import from_json

from app.terminal.client import Object
from app.terminal.failures import Failure, Refused
from app.terminal.language import Said
from app.terminal.rescue.objects import cleaned
from app.terminal.rescue.reader import Content, Done, Found, LeftOut, thread

_PAGE = 100
_TIMEOUT = httpx.Timeout(120, connect=20)
# How often a request is repeated that the server was too busy for, or that got lost.
_ATTEMPTS = 8
_LONGEST_PAUSE = 120.0
_AGAIN = (408, 409, 429, 500, 502, 503, 504)

Sleep = Callable[[float], None]


class Live:
    """A server that is read. All methods raise `Failure`; `Refused` if it returns an error."""

    def __init__(
        self,
        address: str,
        headers: dict[str, str],
        params: dict[str, str] | None = None,
        *,
        sleep: Sleep = time.sleep,
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Failure(_BAD_ADDRESS.filled(address=address), status=2)
        self._params = params or {}
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=address.rstrip("/"),
            headers={"openai-beta": "assistants=v2", **headers},
            timeout=_TIMEOUT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **params: Any) -> Object:
        with self._opened(path, params) as response:
            value = from_json(response.read())
        return value if isinstance(value, dict) else {}

    def listed(self, path: str, **params: Any) -> Iterator[Object]:
        """Yield all objects of a list, oldest first."""
        query: Object = {"limit": _PAGE, "order": "asc", **params}
        while True:
            page = self.get(path, **query)
            data = [one for one in page.get("data") or [] if isinstance(one, dict)]
            yield from data
            last = page.get("last_id") or (data[-1].get("id") if data else None)
            # A server that ignores `after` would be read forever.
            if not page.get("has_more") or not data or last == query.get("after"):
                return
            query["after"] = last

    def content(self, path: str) -> Iterator[bytes]:
        with self._opened(path, {}) as response:
            yield from response.iter_bytes()

    @contextmanager
    def _opened(self, path: str, params: Object) -> Iterator[httpx.Response]:
        """Open a response; wait and repeat as long as the server asks for it."""
        for attempt in range(_ATTEMPTS):
            last = attempt == _ATTEMPTS - 1
            try:
                with self._http.stream("GET", path, params={**self._params, **params}) as response:
                    if response.is_success:
                        yield response
                        return
                    response.read()
                    if response.status_code not in _AGAIN or last:
                        raise _refusal(path, response)
                    pause = _pause(response, attempt)
            except httpx.TransportError as error:
                if last:
                    reason = str(error) or type(error).__name__
                    raise Failure(_LOST.filled(path=path, reason=reason)) from error
                pause = float(2**attempt)
            self._sleep(min(pause, _LONGEST_PAUSE))


def _pause(response: httpx.Response, attempt: int) -> float:
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(float(response.headers[name]) / unit, 0.1)
        except (KeyError, ValueError):
            continue
    return float(2**attempt)


def _refusal(path: str, response: httpx.Response) -> Refused:
    try:
        error = from_json(response.content)["error"]
        message = str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        message = response.text[:200]
    said = _REFUSED.filled(path=path, status=response.status_code, message=message)
    return Refused(said, http_status=response.status_code)


def path_to(*parts: object) -> str:
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


class Account:
    """Everything of an account, in the order of an import."""

    def __init__(self, live: Live, done: Collection[str]) -> None:
        self._live = live
        self._done = done

    def files(self) -> Iterator[Found]:
        """Yield the files and vector stores, with the files' content.

        Where the content may not be downloaded, the text of a vector store's file is taken.
        """
        stores = [*self._listed_or_none("/vector_stores")]
        contents: dict[str, str] = {}
        in_stores: dict[str, list[Object]] = {}
        for store in stores:
            store_id = str(store.get("id"))
            in_stores[store_id] = [*self._live.listed(path_to("vector_stores", store_id, "files"))]
            for one in in_stores[store_id]:
                contents.setdefault(str(one.get("id")), store_id)
        known: set[str] = set()
        for file in self._listed_or_none("/files"):
            known.add(str(file.get("id")))
            yield from self._file(file, contents)
        for file_id, store_id in contents.items():
            if file_id not in known:
                # It can't be listed, or was deleted; its text is still in the store.
                made = {"id": file_id, "filename": file_id, "created_at": 0}
                yield from self._text_of(made, store_id)
        for store in stores:
            yield from cleaned(store, "vector_store")
            for one in in_stores[str(store.get("id"))]:
                yield from cleaned(one, "vector_store.file")

    def _file(self, file: Object, contents: dict[str, str]) -> Iterator[Found]:
        file_id = str(file.get("id"))
        key = f"content:{file_id}"
        path = path_to("files", file_id, "content")
        if key in self._done:
            return
        try:
            pieces = self._live.content(path)
            first = next(pieces, b"")
        except Refused as refusal:
            if refusal.http_status not in (400, 403, 404):
                raise
            if file_id in contents:
                yield from self._text_of(file, contents[file_id])
            else:
                yield from cleaned(file, "file")
                yield LeftOut(_NO_CONTENT, str(file.get("filename") or file_id))
            return
        pieces.close()  # type: ignore[attr-defined]
        size = file.get("bytes")
        if not isinstance(size, int) or size < len(first):
            size = sum(map(len, self._live.content(path)))
        yield from cleaned({**file, "bytes": size}, "file")
        yield Content(file_id, lambda: self._live.content(path))
        yield Done(key)

    def _text_of(self, file: Object, store_id: str) -> Iterator[Found]:
        """Yield a file with the text that a vector store has of it."""
        file_id = str(file.get("id"))
        try:
            page = self._live.get(path_to("vector_stores", store_id, "files", file_id, "content"))
        except Refused as refusal:
            if refusal.http_status not in (400, 403, 404):
                raise
            yield from cleaned(file, "file")
            yield LeftOut(_NO_CONTENT, str(file.get("filename") or file_id))
            return
        texts = [str(one.get("text") or "") for one in page.get("data") or []]
        text = "\n".join(texts).encode()
        name = str(file.get("filename") or file_id)
        if not name.lower().endswith((".txt", ".md")):
            name += ".txt"
        yield from cleaned({**file, "filename": name, "bytes": len(text)}, "file")
        yield Content(file_id, lambda: [text])
        yield LeftOut(_TEXT_ONLY, name)

    def assistants(self) -> Iterator[Found]:
        for one in self._live.listed("/assistants"):
            yield from cleaned(one, "assistant")

    def threads(self, ids: Iterator[str] | None = None) -> Iterator[Found]:
        """Yield the threads with everything in them: all, or those with the given ids."""
        listed = self._live.listed("/threads") if ids is None else self._retrieved(ids)
        for one in listed:
            if isinstance(one, LeftOut):
                yield one
                continue
            thread_id = str(one.get("id"))
            if thread_id in self._done:
                continue
            yield from cleaned({**thread(thread_id, 0, {}), **one}, "thread")
            yield from self._in_thread(thread_id)
            yield Done(thread_id)

    def _retrieved(self, ids: Iterator[str]) -> Iterator[Object | LeftOut]:
        for thread_id in ids:
            if thread_id in self._done:
                continue
            try:
                yield self._live.get(path_to("threads", thread_id))
            except Refused as refusal:
                if refusal.http_status not in (400, 404):
                    raise
                yield LeftOut(_NO_THREAD, thread_id)

    def _in_thread(self, thread_id: str) -> Iterator[Found]:
        for one in self._live.listed(path_to("threads", thread_id, "messages")):
            yield from cleaned(one, "thread.message")
        for run in self._live.listed(path_to("threads", thread_id, "runs")):
            yield from cleaned(run, "thread.run")
            path = path_to("threads", thread_id, "runs", run.get("id"), "steps")
            for step in self._live.listed(path):
                yield from cleaned(step, "thread.run.step")

    def _listed_or_none(self, path: str) -> Iterator[Object]:
        """Yield a list's objects; none if the server has no such list."""
        try:
            yield from self._live.listed(path)
        except Refused as refusal:
            if refusal.http_status != 404:
                raise


_NO_CONTENT = Said(
    "the content of files that may not be downloaded", "내려받을 수 없는 파일의 내용"
)
_TEXT_ONLY = Said(
    "files of which only the text in a vector store can be had: taken as text files",
    "벡터 스토어에 있는 글만 얻을 수 있어 텍스트 파일로 가져온 파일",
)
_NO_THREAD = Said("threads that the source does not have", "원본에 없는 대화")
_BAD_ADDRESS = Said(
    "{address} is not an http:// or https:// address.",
    "{address}: http:// 또는 https:// 주소가 아닙니다.",
)
_LOST = Said("{path} could not be read: {reason}", "{path}: 읽지 못했습니다: {reason}")
_REFUSED = Said(
    "{path} could not be read: HTTP {status}: {message}",
    "{path}: 읽지 못했습니다: HTTP {status}: {message}",
)
