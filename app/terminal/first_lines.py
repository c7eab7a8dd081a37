"""The first lines at a terminal after the server starts, or why it can't listen on its port."""

import errno
import socket

from app.core.model import Mode
from app.domain.hosts import reachable
from app.terminal.language import Said

PAGES = {
    "chat_page": "/chat",
    "console": "/console",
    "docs": "/docs",
    "widget_demo": "/widget/demo",
}

_BLOCK = Said(
    "\n"
    "  Threadkeeper is running. Ctrl+C stops it.\n"
    "\n"
    "  Chat page    {chat_page}\n"
    "  Console      {console}\n"
    "  API and docs {docs}\n"
    "  Widget demo  {widget_demo}\n"
    "{note}",
    "\n"
    "  Threadkeeper가 실행 중입니다. Ctrl+C를 누르면 멈춥니다.\n"
    "\n"
    "  채팅 페이지  {chat_page}\n"
    "  콘솔         {console}\n"
    "  API 문서     {docs}\n"
    "  위젯 데모    {widget_demo}\n"
    "{note}",
)
_DEMO = Said(
    "\n"
    "  The built-in demo model answers, not a real one. For real answers, set OPENAI_API_KEY in\n"
    "  .env, or OPENAI_BASE_URL for a model that you run yourself, and restart the server.\n",
    "\n"
    "  지금은 실제 모델이 아니라 내장 데모 모델이 답합니다. 실제 답변을 받으려면 .env에\n"
    "  OPENAI_API_KEY를 적거나, 직접 운영하는 모델의 주소를 OPENAI_BASE_URL에 적고 서버를\n"
    "  다시 시작해 주세요.\n",
)
_NONE = Said("", "")
_TAKEN = Said(
    "PORT: {port} on {host} is in use by another program, perhaps another Threadkeeper. "
    "Stop it, or choose another port in .env, such as PORT={next}. "
    "./run.sh doctor says what is running there.",
    "PORT: {host}의 {port}번 포트를 다른 프로그램이 쓰고 있습니다. 이미 실행 중인 "
    "Threadkeeper일 수도 있습니다. 그 프로그램을 멈추거나 .env에서 PORT={next} 같은 "
    "다른 포트를 골라 주세요. 무엇이 실행 중인지는 ./run.sh doctor가 알려 줍니다.",
)
_NOT_ALLOWED = Said(
    "PORT: this user may not listen on {port}. Ports below 1024 need more permissions. Choose "
    "another in .env, such as PORT=8010.",
    "PORT: 이 사용자는 {port}번 포트를 열 수 없습니다. 1024보다 작은 포트에는 권한이 더 필요하니 "
    ".env에서 PORT=8010 같은 다른 포트를 골라 주세요.",
)


def page_addresses(host: str, port: int, root_path: str) -> dict[str, str]:
    """Return the pages' addresses for a browser on this machine, by page."""
    base = f"http://{reachable(host)}:{port}{root_path}"
    return {name: base + path for name, path in PAGES.items()}


def first_lines(addresses: dict[str, str], mode: Mode) -> Said:
    """Return the text with the pages' addresses, and a note if the demo model answers."""
    note = _DEMO if mode == "demo" else _NONE
    return Said(
        _BLOCK.english.format(note=note.english, **addresses),
        _BLOCK.korean.format(note=note.korean, **addresses),
    )


def why_port_is_closed(host: str, port: int) -> Said | None:
    """Return why the server can't listen there and what to do; None if no known problem exists."""
    try:
        _listen_once(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            near = port + 1 if port < 65535 else port - 1
            return _TAKEN.filled(host=host, port=port, next=near)
        if error.errno == errno.EACCES:
            return _NOT_ALLOWED.filled(port=port)
    return None


def _listen_once(host: str, port: int) -> None:
    """Bind each of the host's addresses as the server will, and release it at once."""
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
