"""Whether the sandbox holds on this system: a process enters it and tries to escape."""

import asyncio
import json
import logging
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.core import fence
from app.interpreter.environment import ROOT, closed_places, run_once
from app.interpreter.removal import remove_folder

logger = logging.getLogger(__name__)

_SECONDS = 60.0
Kind = Literal["system", "environment", "packages", "check", "escape", "broken"]
_WORDS: dict[Kind, str] = {
    "system": "{}",
    "environment": "its Python environment is missing (./run.sh installs it, or "
    "CODE_INTERPRETER_PYTHON names one)",
    "packages": "its Python environment lacks {}",
    "check": "its self-check could not be run; the server's log says why",
    "escape": "its sandbox does not hold on this system (code could {})",
    "broken": "code can't work in its sandbox on this system (it could not {})",
}


@dataclass(frozen=True)
class Fault:
    """Why the interpreter can't be used. As a string: the end of a sentence."""

    kind: Kind
    detail: str = ""

    def __str__(self) -> str:
        return _WORDS[self.kind].format(self.detail)


# Results by the environment's Python and when it was made: a process checks each only once.
_known: dict[tuple[Path, int], Fault | None] = {}


async def check(python: Path | None) -> Fault | None:
    """Return why the interpreter can't be used; None if it can."""
    if lacking := fence.missing():
        return Fault("system", lacking)
    if python is None:
        return Fault("environment")
    return await asyncio.to_thread(_checked, python)


def _checked(python: Path) -> Fault | None:
    try:
        key = (python, python.stat().st_mtime_ns)
    except OSError:
        return Fault("environment")
    if key not in _known:
        _known[key] = check_now(python)
    return _known[key]


def check_now(python: Path) -> Fault | None:
    """Make the check, without its cache."""
    try:
        return _verdict(_found(python))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        logger.warning("the check of the code interpreter failed: %s", _words(error))
        return Fault("check")


def _found(python: Path) -> dict[str, Any]:
    """Return what the process reports, and what it has changed.

    Raises `OSError` (a full disk, for example), `ValueError`, `subprocess.SubprocessError`.
    """
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
            found: dict[str, Any] = json.loads(run_once(python, "check", task, seconds=_SECONDS))
        finally:
            remove_folder(folder)
        if not secret.exists() or secret.read_text() != "secret":
            found.setdefault("escaped", []).append("change another file")
    return found


def _verdict(found: dict[str, Any]) -> Fault | None:
    if lacking := found.get("lacking"):
        return Fault("system", str(lacking))
    kinds: tuple[tuple[Kind, str], ...] = (
        ("packages", "missing"),
        ("escape", "escaped"),
        ("broken", "broken"),
    )
    for kind, name in kinds:
        if found.get(name):
            return Fault(kind, ", ".join(found[name]))
    return None


def _words(error: Exception) -> str:
    said = getattr(error, "stderr", None)
    return said.decode(errors="replace").strip()[-2000:] if said else str(error)
