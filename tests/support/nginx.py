"""nginx on loopback, with the shipped configuration: `deploy/nginx.conf`, filled in."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import WAIT_SECONDS, wait_until

DEPLOY = Path(__file__).parents[2] / "deploy"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
OPENSSL = shutil.which("openssl")
NEEDED = [*([] if NGINX else ["nginx"]), *([] if OPENSSL else ["openssl"])]

_NAME = re.compile(r"\$\{([A-Z0-9_]+)\}")
# Files that would be in system folders are in the test's folder, without changed permissions. If
# root starts nginx, its workers stay root, because they must be able to enter that folder.
_AROUND = """\
{user}
worker_processes 2;
daemon off;
pid nginx.pid;
error_log error.log warn;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    access_log off;
    include site.conf;
}}
"""


class Nginx:
    """A running nginx: `base_url` is its HTTPS address, `verify` trusts its certificate."""

    def __init__(self, folder: Path, port: int) -> None:
        self.base_url = f"https://localhost:{port}"
        self.verify = ssl.create_default_context(cafile=folder / "fullchain.pem")
        self._folder = folder

    @property
    def requests(self) -> list[str]:
        """The lines of its access log so far, in the format of `nginx.conf`."""
        return (self._folder / "access.log").read_text(encoding="utf-8").splitlines()

    @property
    def errors(self) -> str:
        return (self._folder / "error.log").read_text(encoding="utf-8")


def filled_in(template: str, values: dict[str, str]) -> str:
    """Substitute names as envsubst does. Raises `KeyError` for a name without a value."""
    return _NAME.sub(lambda found: values[found[1]], template)


@contextmanager
def nginx(
    folder: Path, *servers: str, root_path: str = "", stripped: bool = False
) -> Iterator[Nginx]:
    """Serve one or two servers (`127.0.0.1:8010`) until the block ends.

    `stripped`: nginx removes the prefix, as in `deploy/nginx-prefix.conf`.
    """
    folder.mkdir()
    _certify(folder)
    port = free_port()
    values = {
        "SERVER_NAME": "localhost",
        "HTTP_PORT": f"127.0.0.1:{free_port()}",
        "HTTPS_PORT": f"127.0.0.1:{port}",
        "SERVER_1": servers[0],
        "SERVER_2": servers[-1],
        "ROOT_PATH": "" if stripped else root_path,
        "MAX_UPLOAD": "520m",
        "TLS_FOLDER": str(folder),
        "ACME_FOLDER": str(folder),
        "ACCESS_LOG": str(folder / "access.log"),
    }
    site = filled_in((DEPLOY / "nginx.conf").read_text(encoding="utf-8"), values)
    if stripped:
        before, _, after = site.rpartition("    location / {")
        example = (DEPLOY / "nginx-prefix.conf").read_text(encoding="utf-8")
        _, mark, after = after.partition("    location @too_large {")
        site = before + example.replace("/openai-api", root_path) + mark + after
    with _serving(folder, port, site):
        yield Nginx(folder, port)


@contextmanager
def plain_nginx(folder: Path, location: str) -> Iterator[str]:
    """Serve HTTP with this `location … { … }`, without any other configuration.

    Yields its address.
    """
    folder.mkdir()
    port = free_port()
    site = f"server {{ listen 127.0.0.1:{port}; server_name www.mysite.kr; {location} }}"
    with _serving(folder, port, site):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _serving(folder: Path, port: int, site: str) -> Iterator[None]:
    assert NGINX is not None
    (folder / "site.conf").write_text(site, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_AROUND.format(user=user), encoding="utf-8")
    command = [NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", "nginx.conf"]
    with (folder / "console.log").open("wb") as console:
        process = subprocess.Popen(command, cwd=folder, stdout=console, stderr=console)
    try:
        wait_until(lambda: process.poll() is not None or _listens(port))
        said = (folder / "console.log").read_text() + (folder / "error.log").read_text()
        assert process.poll() is None, f"nginx ended at once:\n{said}"
        yield
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def _certify(folder: Path) -> None:
    """Create a certificate for first tests, as in `docs/operations.md`."""
    assert OPENSSL is not None
    subprocess.run(
        [
            *(OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "30", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", "privkey.pem", "-out", "fullchain.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
