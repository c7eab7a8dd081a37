"""Azure's classic agents, of a Foundry project or of an Azure OpenAI resource.

A project's endpoint lists its threads (`?api-version=v1`); an Azure OpenAI resource does not, so
their ids must be given.
"""

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from app.terminal.failures import Failure
from app.terminal.language import Said, both
from app.terminal.options import not_read
from app.terminal.rescue.live import Account, Live
from app.terminal.rescue.reader import Found, LeftOut, Reader

_TOKENS = ("AZURE_AI_TOKEN", "AZURE_OPENAI_AD_TOKEN")
_KEYS = ("AZURE_OPENAI_API_KEY", "AZURE_API_KEY")
_PROJECT_VERSION, _RESOURCE_VERSION = "v1", "2024-05-01-preview"

ThreadIdsOption = Annotated[
    Path | None,
    typer.Option(
        "--thread-ids",
        metavar="FILE",
        help=both(
            "A file with the ids of threads, one per line; default: those that the server lists.",
            "대화 ID를 한 줄에 하나씩 적은 파일. 기본값은 서버의 대화 목록입니다.",
        ),
    ),
]


def _read(
    endpoint: Annotated[
        str,
        typer.Option(
            "--endpoint",
            metavar="URL",
            help=both(
                "The project's endpoint (…/api/projects/NAME) or the resource's.",
                "프로젝트 엔드포인트(…/api/projects/이름) 또는 리소스의 엔드포인트.",
            ),
        ),
    ],
    api_version: Annotated[
        str,
        typer.Option(
            "--api-version",
            show_default=False,
            help=both(
                f"Default: {_PROJECT_VERSION} for a project, else {_RESOURCE_VERSION}.",
                f"기본값은 프로젝트이면 {_PROJECT_VERSION}, 아니면 {_RESOURCE_VERSION}입니다.",
            ),
        ),
    ] = "",
    thread_ids: ThreadIdsOption = None,
    done: Collection[str] = (),
) -> Iterator[Found]:
    is_project = "/projects/" in urlsplit(endpoint).path
    address = endpoint.rstrip("/")
    if not is_project and not address.endswith("/openai"):
        address += "/openai"
    version = api_version or (_PROJECT_VERSION if is_project else _RESOURCE_VERSION)
    with Live(address, _credential(), {"api-version": version}) as live:
        account = Account(live, done)
        yield from account.files()
        yield from account.assistants()
        if thread_ids is not None:
            yield from account.threads(ids_in(thread_ids))
        elif is_project:
            yield from account.threads()
        else:
            yield LeftOut(_NO_LIST)


def _credential() -> dict[str, str]:
    """Return the header with the token or key from the environment. Raises `Failure`."""
    for name in _TOKENS:
        if token := os.environ.get(name, "").strip():
            return {"authorization": f"Bearer {token}"}
    for name in _KEYS:
        if key := os.environ.get(name, "").strip():
            return {"api-key": key}
    raise Failure(_NO_CREDENTIAL, status=2)


def ids_in(path: Path) -> Iterator[str]:
    """Yield the ids in a file. Raises `Failure`."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for line in lines:
                if line.strip():
                    yield line.strip()
    except UnicodeDecodeError as error:
        raise not_read(path, OSError(str(error))) from error
    except OSError as error:
        raise not_read(path, error) from error


_NO_CREDENTIAL = Said(
    "Set AZURE_AI_TOKEN to an Entra token (az account get-access-token --resource "
    "https://ai.azure.com --query accessToken -o tsv), or AZURE_OPENAI_API_KEY to a key.",
    "AZURE_AI_TOKEN에 Entra 토큰(az account get-access-token --resource https://ai.azure.com "
    "--query accessToken -o tsv)을, 또는 AZURE_OPENAI_API_KEY에 키를 넣어 주세요.",
)
_NO_LIST = Said(
    "threads, which an Azure OpenAI resource does not list: give their ids with --thread-ids",
    "대화. Azure OpenAI 리소스는 대화 목록을 주지 않으니 --thread-ids로 ID를 지정해 주세요",
)

READER = Reader(
    "azure",
    both(
        "Azure's agents, live: assistants, threads, runs, files and vector stores.",
        "실행 중인 Azure 에이전트의 어시스턴트, 대화, 실행, 파일, 벡터 스토어.",
    ),
    _read,
    Said(
        "connections to other Azure services, and threads whose ids nobody knows",
        "다른 Azure 서비스와의 연결, ID를 모르는 대화",
    ),
)
