"""What the soak runs on: a PostgreSQL of its own, a model that fails now and then, two servers."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp

import psycopg
from sqlalchemy import make_url

from benchmarks.servers import ROOT, Server
from benchmarks.soak_clock import SetClock
from benchmarks.soak_proxy import SilentWay

_START_SECONDS = 60.0
_OWNER = "postgres"  # PostgreSQL refuses to run as root
_APPLICATION = "threadkeeper-soak"


class Cluster:
    """A PostgreSQL of the soak's own, which it may restart as it likes."""

    fault = "restarted the database"

    def __init__(self, folder: Path, programs: Path) -> None:
        self._programs = programs
        self._data = folder / "cluster"
        self._data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self._data, _OWNER)
        self._port = _free_port()
        self.url = f"postgresql://{_OWNER}@127.0.0.1:{self._port}/postgres"
        data = str(self._data / "data")
        self._run("initdb", "-D", data, "-U", _OWNER, "--auth=trust", "-E", "UTF8", "--locale=C")
        options = f"-c listen_addresses=127.0.0.1 -p {self._port} -k {self._data}"
        self._control = ["pg_ctl", "-D", data, "-w", "-l", str(self._data / "log"), "-o", options]
        self._run(*self._control, "start")

    def disturb(self) -> None:
        """Restart it: every connection is lost, and for a moment there is no database."""
        self._run(*self._control, "-m", "fast", "restart")

    def close(self) -> None:
        self._run(*self._control, "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", _OWNER, "--", *command]
        # Not captured: the server that pg_ctl leaves behind would hold the pipe open.
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self._data)


class SharedDatabase:
    """A schema in somebody's PostgreSQL, which the soak must not restart."""

    fault = "ended all connections to the database (no initdb here, so no restart)"

    def __init__(self, url: str) -> None:
        self._schema = f"soak_{os.getpid()}"
        self._plain = url
        joint = "&" if "?" in url else "?"
        path = f"options=-csearch_path%3D{self._schema}"
        self.url = f"{url}{joint}{path}&application_name={_APPLICATION}"
        self._execute(f"CREATE SCHEMA {self._schema}")

    def disturb(self) -> None:
        self._execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE application_name = '{_APPLICATION}'"
        )

    def close(self) -> None:
        self._execute(f"DROP SCHEMA {self._schema} CASCADE")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._plain, autocommit=True) as connection:
            connection.execute(statement)


class Keeper:
    """A server of Threadkeeper at a port of its own, which can be killed and started again."""

    def __init__(self, folder: Path, name: str, settings: dict[str, str]) -> None:
        self.port = _free_port()
        self.name = name
        self._folder = folder / name
        self._folder.mkdir()
        self._settings = settings
        self.clock = SetClock(self._clock_file)
        self._process = self._begin()

    @property
    def _clock_file(self) -> Path:
        return self._folder / "clock"

    def _begin(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **self._settings, "PORT": str(self.port), "LOG_FILE": ""}
        environment["PYTHONPATH"] = str(ROOT)
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "benchmarks.soak_clock", str(self._clock_file)],
                # There is no .env here.
                cwd=self._folder,
                env=environment,
                stdout=log,
                stderr=log,
            )

    def wait_up(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server did not start; its log: {self._folder / 'log'}")
            time.sleep(0.05)

    def _is_up(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/health", timeout=5)
        except (urllib.error.URLError, OSError):
            return False
        return True

    def runs(self) -> bool:
        return self._process.poll() is None

    def resident_kib(self) -> int:
        return Server(self._process, self.port).resident_kib()

    def cpu_seconds(self) -> float:
        return Server(self._process, self.port).cpu_seconds()

    def pause(self) -> None:
        """Stop it until `go_on`, as a machine does that is suspended."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def begin_again(self) -> None:
        self._process = self._begin()


class Stage:
    """Everything that runs; `folder` holds it all, with the servers' logs.

    The servers reach the database by `way` if there is one; `model` is the upstream's base URL.
    """

    def __init__(
        self,
        folder: Path,
        database: "Cluster | SharedDatabase",
        way: SilentWay | None,
        model: str,
        keepers: list[Keeper],
    ) -> None:
        self.folder = folder
        self.database = database
        self.way = way
        self.model = model
        self.killed, self.survivor = keepers


@contextmanager
def stage(
    faults: float, shared: str | None, *, by_proxy: bool = False, **more: str
) -> Iterator[Stage]:
    """Set everything up; `shared` is the URL to use if there is no `initdb`.

    `by_proxy`: the servers reach the database by a `SilentWay`. `more` are settings of both.
    """
    folder = Path(mkdtemp(prefix="threadkeeper-soak-"))
    folder.chmod(0o755)
    with ExitStack() as stack:
        database = _database(folder, shared)
        stack.callback(database.close)
        port = _free_port()
        model = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.soak_upstream"),
                *("--port", str(port), "--faults", str(faults)),
            ],
            cwd=ROOT,
        )
        stack.callback(model.kill)
        way, url = None, database.url
        if by_proxy:
            way, url = _way(database.url)
            stack.callback(way.close)
        base_url = f"http://127.0.0.1:{port}/v1"
        settings = {
            "DATABASE_URL": url,
            "FILES_URL": str(folder / "files"),
            "OPENAI_API_KEY": "not-needed",
            "OPENAI_BASE_URL": base_url,
            "ASSISTANTS_FILE": "",
            **more,
        }
        keepers = []
        for name in ("killed", "survivor"):
            keepers.append(Keeper(folder, name, settings))
            stack.callback(keepers[-1].kill)
        for keeper in keepers:
            keeper.wait_up()
        yield Stage(folder, database, way, base_url, keepers)


def _way(url: str) -> tuple[SilentWay, str]:
    """Return a proxy before the database, and the URL that leads through it."""
    address = make_url(url)
    way = SilentWay(address.host or "127.0.0.1", address.port or 5432)
    by_way = address.set(host="127.0.0.1", port=way.port)
    return way, by_way.render_as_string(hide_password=False)


def _database(folder: Path, shared: str | None) -> Cluster | SharedDatabase:
    programs = _programs()
    if programs is not None:
        return Cluster(folder, programs)
    if shared is None:
        raise SystemExit("PostgreSQL's initdb is not here: name a database with --postgres")
    return SharedDatabase(shared)


def _programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return places[-1].parent if places else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
