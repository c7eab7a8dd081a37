"""Runs the example programs as their users would."""

import os
import subprocess
from pathlib import Path

from tests.support.server import Running

EXAMPLES = Path(__file__).parents[2] / "examples"
KEY = "a-long-random-text"


def settings_of(server: Running, key: str = "") -> dict[str, str]:
    """Return the environment variables with which an example finds the server."""
    return {
        "THREADKEEPER_URL": f"{server.base_url}/api/v1",
        "THREADKEEPER_API_KEY": key,
        # Loopback is never reached through a proxy, and no telemetry is sent.
        "NO_PROXY": "127.0.0.1",
        "LANGSMITH_TRACING": "false",
        "PYTHONIOENCODING": "utf-8",
    }


def run_example(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in the examples folder, with these additional environment variables."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=EXAMPLES,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def said_by(ran: subprocess.CompletedProcess[str]) -> str:
    """Return what the program has printed; it must have succeeded, without error output."""
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr
    return ran.stdout
