"""The measured servers, each in its own process on loopback."""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from scripts.model_servers import PARTS, WEIGHTS

ROOT = Path(__file__).parents[1]
# Bounds a start that hangs; on a busy machine, one may take a minute.
_START_SECONDS = 180.0
# A model is read from the disk, and warmed up.
_MODEL_SECONDS = 180.0
_STOP_SECONDS = 15.0


class Server:
    """A running server, and the resources that it has used."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def cpu_seconds(self) -> float:
        """Return the CPU time that the process has used, user and system."""
        try:
            return _seconds_of_process(self.process.pid)
        except FileNotFoundError:
            return _seconds(self._ps("time"))  # no /proc on this system

    def group_cpu_seconds(self) -> float:
        """Return the CPU time of the process and of the processes that it has started."""
        started = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        workers = [_seconds_of_process(int(pid)) for pid in started.split()]
        return _seconds_of_process(self.process.pid) + sum(workers)

    def resident_kib(self) -> int:
        """Return the memory of the process, in KiB."""
        try:
            pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        except FileNotFoundError:
            return int(self._ps("rss"))
        return int(pages) * os.sysconf("SC_PAGE_SIZE") // 1024

    def _ps(self, column: str) -> str:
        command = ["ps", "-o", f"{column}=", "-p", str(self.process.pid)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def raise_file_limit() -> None:
    """Raise the limit of open files, for this process and the servers it starts, to the maximum."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _seconds_of_process(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat").read_text()
    # The command's name, in parentheses, may contain spaces; the other fields may not.
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _seconds(clock: str) -> float:
    """Return the seconds of `[hours:]minutes:seconds[.hundredths]`."""
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


@contextmanager
def fake_upstream(*, words: int, pause: float) -> Iterator[str]:
    """Serve both APIs with one fixed answer; yield its base URL.

    `pause`: seconds between the events of a stream; 0 sends them in a burst.
    """
    port = _free_port()
    options = ["--port", str(port), "--fixed", "--words", str(words), "--pause", str(pause)]
    command = [sys.executable, "-m", "tests.support.fake_upstream", *options]
    with _running(command, port, cwd=ROOT):
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def yardstick(base_url: str) -> Iterator[Server]:
    port = _free_port()
    options = ["--port", str(port), "--base-url", base_url]
    command = [sys.executable, "-m", "benchmarks.yardstick", *options]
    with _running(command, port, cwd=ROOT) as server:
        yield server


@contextmanager
def threadkeeper(
    base_url: str,
    *,
    database_url: str | None = None,
    tree: Path = ROOT,
    api: str = "responses",
    **more: str,
) -> Iterator[Server]:
    """Serve Threadkeeper from `tree`, by default on a new SQLite file.

    `api`: the one by which it calls the upstream. `more` are other settings.
    """
    port = _free_port()
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = {
            "PORT": str(port),
            "OPENAI_API_KEY": "not-needed",
            "OPENAI_BASE_URL": base_url,
            "OPENAI_API": api,
            "DATABASE_URL": database_url or f"sqlite:///{folder}/threads.db",
            "LOG_FILE": f"{folder}/app.log",
            **more,
        }
        # Runs in the temporary folder, so that a developer's .env is not read.
        command = [sys.executable, str(tree / "main.py")]
        with _running(command, port, cwd=Path(folder), settings=settings) as server:
            yield server


@contextmanager
def llama_server(*options: str) -> Iterator[Server]:
    """Serve the small model of the tests with llama.cpp's server.

    Raises `RuntimeError` if it is not installed; `scripts/model_servers.py` does that.
    """
    if absent := [name for name in ("llama-server", "smollm2") if not PARTS[name].is_installed()]:
        missing = " ".join(absent)
        raise RuntimeError(f"Not installed: python scripts/model_servers.py install {missing}")
    port = _free_port()
    command = [
        str(PARTS["llama-server"].folder / "llama-server"),
        *("--model", str(PARTS["smollm2"].folder / WEIGHTS)),
        *("--host", "127.0.0.1", "--port", str(port), *options),
    ]
    with _running(command, port, cwd=ROOT) as server:
        _wait_until_healthy(server)
        yield server


@contextmanager
def _running(
    command: list[str], port: int, *, cwd: Path, settings: dict[str, str] | None = None
) -> Iterator[Server]:
    environment = {**os.environ, **(settings or {})}
    silence = subprocess.DEVNULL
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=silence, stderr=silence
    ) as process:
        try:
            _wait_until_up(process, port)
            yield Server(process, port)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_up(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server exited with status {process.returncode} at startup.")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("The server did not start in time.")


def _wait_until_healthy(server: Server) -> None:
    """Wait until a llama-server has loaded its model."""
    deadline = time.monotonic() + _MODEL_SECONDS
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{server.port}/health", timeout=2).is_success:
                return
        time.sleep(0.1)
    raise TimeoutError("The model was not loaded in time.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
