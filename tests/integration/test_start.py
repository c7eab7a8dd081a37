"""What a start does not do, so that it stays short: by what is loaded and built, not by a clock."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.nginx import free_port

PROGRAM = Path(__file__).parents[1] / "support" / "programs" / "started_server.py"

# Each package, and when it is loaded instead.
LATER = {
    "openai": "with an upstream, after the server listens",
    "aiohttp": "the same; or with the first call of an action, or of a notification's address",
    "httpx": "the same",
    "httpx2": "the same",
    "alembic": "if the database has an older schema",
    "mako": "with alembic",
    "typer": "by the terminal's commands",
    "rich": "the same",
    "pygments": "with rich",
    "redis": "with REDIS_URL",
    "numpy": "with the first vectors",
    "lxml": "by the process that reads documents",
    "pypdfium2": "the same",
    "hwp2md": "the same",
    "jwt": "with the first token of a session",
    "cryptography": "with jwt, or with the first secret",
    "aiosmtplib": "with the first e-mail",
    "referencing": "with the first action",
}


def test_what_a_start_needs_not_is_left_for_later(database_url, tmp_path):
    settings = {"DATABASE_URL": database_url, "PORT": str(free_port()), "LOG_FILE": ""}
    # In a folder of its own, so that a developer's .env is not read.
    ended = subprocess.run(
        [sys.executable, PROGRAM],
        cwd=tmp_path,
        env={**os.environ, **settings, "LOG_LEVEL": "WARNING"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ended.returncode == -signal.SIGTERM, ended.stderr
    found = json.loads(ended.stdout)
    later = {**LATER} if "postgresql" in database_url else {**LATER, "psycopg": "with PostgreSQL"}
    assert later.keys() & {*found["modules"]} == set()
    # Of all routes, only the one that was called is built.
    assert found["built"] == ["health"]
    assert found["routes"] > 100
