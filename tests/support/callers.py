"""Callers: with a project's key, with a session's token, or without credentials."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property

import httpx
import openai

from tests.support.checked_clients import checked_http, checked_sdk
from tests.support.server import Running

ORIGIN = "https://shop.example"


class Caller:
    """The clients of a caller that sends `credential` as a bearer token, if there is one."""

    def __init__(self, base_url: str, credential: str | None = None, **headers: str) -> None:
        """`headers` are added to every request of the plain client."""
        self.base_url = base_url
        self.credential = credential
        self._headers = headers

    @cached_property
    def http(self) -> httpx.Client:
        shown = {"authorization": f"Bearer {self.credential}"} if self.credential else {}
        return checked_http(self.base_url, headers={**shown, **self._headers})

    @cached_property
    def client(self) -> openai.OpenAI:
        return checked_sdk(self.base_url, self.credential or "none")

    def close(self) -> None:
        for client in ("http", "client"):
            if client in self.__dict__:
                getattr(self, client).close()


CallAs = Callable[..., Caller]


@contextmanager
def callers() -> Iterator[CallAs]:
    """Yield a function that creates callers of a server; their clients are closed at the end."""
    with ExitStack() as stack:

        def call_as(server: Running, credential: str | None = None, **headers: str) -> Caller:
            return stack.enter_context(closing(Caller(server.base_url, credential, **headers)))

        yield call_as


def session_of(caller: Caller, **headers: str) -> str:
    """Return the token of a new session, or a new one for the caller's session."""
    answer = caller.http.post("/chat/sessions", headers={"origin": ORIGIN, **headers})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["token"]
    return token
