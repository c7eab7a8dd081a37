"""What OpenAI still serves: files and vector stores, and threads as long as they can be read."""

import os
from collections.abc import Collection, Iterator
from typing import Annotated

import typer

from app.terminal.failures import Failure, Refused
from app.terminal.language import Said, both
from app.terminal.rescue.azure import ThreadIdsOption, ids_in
from app.terminal.rescue.live import Account, Live
from app.terminal.rescue.reader import Found, LeftOut, Reader


def _read(
    endpoint: Annotated[
        str,
        typer.Option(
            "--endpoint",
            metavar="URL",
            show_default=False,
            help=both(
                "Another server of the same protocol; default: https://api.openai.com/v1.",
                "같은 프로토콜의 다른 서버. 기본값은 https://api.openai.com/v1입니다.",
            ),
        ),
    ] = "https://api.openai.com/v1",
    thread_ids: ThreadIdsOption = None,
    done: Collection[str] = (),
) -> Iterator[Found]:
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if not key:
        raise Failure(_NO_KEY, status=2)
    with Live(endpoint, {"authorization": f"Bearer {key}"}) as live:
        account = Account(live, done)
        yield from account.files()
        yield from _if_served(account.assistants(), _NO_ASSISTANTS)
        if thread_ids is not None:
            yield from account.threads(ids_in(thread_ids))
        else:
            yield from _if_served(account.threads(), _NO_THREADS)


def _if_served(found: Iterator[Found], why: Said) -> Iterator[Found]:
    """Yield what is found; if the server does not serve it any more, say so."""
    try:
        yield from found
    except Refused as refusal:
        if refusal.http_status not in (400, 403, 404, 405, 410):
            raise
        yield LeftOut(why)


_NO_KEY = Said("Set OPENAI_API_KEY.", "OPENAI_API_KEY를 설정해 주세요.")
_NO_ASSISTANTS = Said(
    "assistants, which this server does not serve", "이 서버가 제공하지 않는 어시스턴트"
)
_NO_THREADS = Said(
    "the list of threads, which this server does not serve", "이 서버가 제공하지 않는 대화 목록"
)

READER = Reader(
    "openai",
    both(
        "What OpenAI still serves: files and vector stores.",
        "OpenAI가 아직 제공하는 파일과 벡터 스토어.",
    ),
    _read,
    Said(
        "assistants, threads and runs, which OpenAI no longer serves, and the layout of files of "
        "which only the text is left",
        "OpenAI가 더는 제공하지 않는 어시스턴트와 대화, 실행. 글만 남은 파일의 서식",
    ),
)
