"""Finds the address of this folder's server from the settings that the server itself reads."""

import os

from app.core.env_file import env_file_values
from app.domain.hosts import reachable
from app.terminal.client import DEFAULT_ADDRESS
from app.terminal.failures import Failure
from app.terminal.language import Said

_HOST, _PORT = "127.0.0.1", "8010"


def own_address() -> str:
    """Return the API's address from HOST and PORT in the environment, or else in `.env`.

    For PORT=0 (any free port, unknown here), the default port is assumed. Raises `Failure`.
    """
    try:
        written = env_file_values()
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(_NOT_READ.filled(reason=error)) from error
    host = _setting("HOST", written) or _HOST
    port = _setting("PORT", written) or _PORT
    if (host, port) == (_HOST, _PORT):
        return DEFAULT_ADDRESS
    if not port.isdecimal() or int(port) > 65535:
        raise Failure(_BAD_PORT.filled(port=port), status=2)
    return f"http://{reachable(host)}:{int(port) or _PORT}/api/v1"


def _setting(name: str, written: dict[str, str]) -> str:
    return (os.environ.get(name) or written.get(name, "")).strip()


_NOT_READ = Said(".env can't be read: {reason}", ".env를 읽을 수 없습니다: {reason}")
_BAD_PORT = Said(
    "PORT must be an integer from 0 to 65535, got '{port}'. Change it in .env, or use --url.",
    "PORT는 0부터 65535까지의 정수여야 합니다(지금 값: '{port}'). "
    ".env에서 고치거나 --url을 써 주세요.",
)
