"""Finds the interpreter's own Python, and starts it."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

# Above `app`: in a clone the project's folder, which may contain .env and the database.
ROOT = Path(__file__).resolve().parents[2]
FOLDER = ".venv-interpreter"
_PYTHON = Path("bin", "python")
# Of the server's environment, which contains the keys, only what Python itself may need.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH")
# Libraries must not start threads in the zygote, which forks.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def find_python(setting: str) -> Path | None:
    """Return the interpreter's Python: the one in the setting, else the one in the environment
    that is beside the server's. None if there is none."""
    if setting:
        found = Path(setting).absolute()
        return found if os.access(found, os.X_OK) else None
    places = (ROOT, Path(sys.prefix).parent, Path.cwd())
    candidates = (place / FOLDER / _PYTHON for place in places)
    return next((path for path in candidates if os.access(path, os.X_OK)), None)


def closed_places() -> list[Path]:
    """Return the server's own folders, which code must not read even if its Python is in one."""
    packages = (Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib"))
    return list(dict.fromkeys((ROOT, *packages)))


def command(python: Path, module: str, *arguments: str) -> list[str]:
    """Return the command that calls `main` of a guest's module; the project is not on its path
    afterwards."""
    code = (
        "import sys; "
        f"sys.path.insert(0, {str(ROOT)!r}); "
        f"from app.interpreter.guest.{module} import main; "
        "del sys.path[0]; "
        "main()"
    )
    return [str(python), "-I", "-B", "-X", "utf8", "-c", code, *arguments]


def variables(folder: Path) -> dict[str, str]:
    """Return the environment variables of the zygote; `folder`: for what libraries keep."""
    return {
        **{name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        **dict.fromkeys(_ONE_THREAD, "1"),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(folder),
    }


def run_once(python: Path, module: str, task: dict[str, Any], *, seconds: float) -> bytes:
    """Run a guest's module to its end and return its output.

    Raises `OSError`, `subprocess.SubprocessError`.
    """
    done = subprocess.run(
        command(python, module, json.dumps(task)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=seconds,
        env=variables(Path(task["folder"])),
        start_new_session=True,
    )
    return done.stdout
