"""Whether the sandbox holds on this system: a process enters it and tries to escape."""

import asyncio
import json
import logging
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from app.core import fence
from app.interpreter.environment import ROOT, closed_places, run_once
from app.interpreter.removal import remove_folder

logger = logging.getLogger(__name__)

_SECONDS = 60.0
_NO_PYTHON = (
    "its Python environment is missing (./run.sh installs it, or CODE_INTERPRETER_PYTHON names one)"
)
# Results by the environment's Python and when it was made: a process checks each only once.
_known: dict[tuple[Path, int], str] = {}


async def check(python: Path | None) -> str:
    """Return why the interpreter can't be used, as the end of a sentence; empty if it can."""
    if lacking := fence.missing():
        return lacking
    if python is None:
        return _NO_PYTHON
    return await asyncio.to_thread(_checked, python)


def _checked(python: Path) -> str:
    try:
        key = (python, python.stat().st_mtime_ns)
    except OSError:
        return _NO_PYTHON
    if key not in _known:
        _known[key] = check_now(python)
    return _known[key]


def check_now(python: Path) -> str:
    """Make the check, without its cache."""
    with tempfile.TemporaryDirectory(prefix="threadkeeper-check-") as name:
        place = Path(name).resolve()
        folder, secret = place / "session", place / "secret"
        folder.mkdir()
        secret.write_text("secret")
        task = {
            "folder": str(folder),
            "secret": str(secret),
            "code": str(ROOT / "app" / "__init__.py"),
            "server": os.getpid(),
            "closed": list(map(str, closed_places())),
            "limits": {"memory_bytes": 1 << 28, "disk_bytes": 1 << 20, "tasks": 0},
        }
        try:
            found = json.loads(run_once(python, "check", task, seconds=_SECONDS))
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            logger.warning("the check of the code interpreter failed: %s", _words(error))
            return "its self-check could not be run; the server's log says why"
        finally:
            remove_folder(folder)
        if not secret.exists() or secret.read_text() != "secret":
            found.setdefault("escaped", []).append("change another file")
    return _verdict(found)


def _verdict(found: dict[str, Any]) -> str:
    if lacking := found.get("lacking"):
        return str(lacking)
    if missing := found.get("missing"):
        return f"its Python environment lacks {', '.join(missing)}"
    if escaped := found.get("escaped"):
        return f"its sandbox does not hold on this system (code could {', '.join(escaped)})"
    if broken := found.get("broken"):
        return f"code can't work in its sandbox on this system (it could not {', '.join(broken)})"
    return ""


def _words(error: Exception) -> str:
    said = getattr(error, "stderr", None)
    return said.decode(errors="replace").strip()[-2000:] if said else str(error)
