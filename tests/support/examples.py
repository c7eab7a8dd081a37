"""The example programs, run as their users run them."""

import os
import subprocess
from pathlib import Path

from tests.support.server import Running

EXAMPLES = Path(__file__).parents[2] / "examples"
KEY = "a-long-random-text"


def settings_of(server: Running, key: str = "") -> dict[str, str]:
    """Return the environment that tells an example where the server is."""
    return {
        "THREADKEEPER_URL": f"{server.base_url}/api/v1",
        "THREADKEEPER_API_KEY": key,
        # Loopback is never reached through a proxy, and nobody is told of what runs here.
        "NO_PROXY": "127.0.0.1",
        "LANGSMITH_TRACING": "false",
        "PYTHONIOENCODING": "utf-8",
    }


def run_example(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in the folder of the examples, with these settings of its own."""
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
    """Return what the program has printed; it must have ended well and without a complaint."""
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr
    return ran.stdout
