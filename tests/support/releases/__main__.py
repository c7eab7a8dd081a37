"""Records the data that this version leaves, for the tests of the versions after it.

    .venv/bin/python -m tests.support.releases 0.3.0

plays `story.py` on a server of this checkout with a SQLite database, kills the server in the
middle of an answer, and writes tests/fixtures/releases/0.3.0. The version must be that of
app/__init__.py. A release that was recorded stays as it is: nobody can record it again, since
later code would write later rows.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import Connection, func, select

from app import __version__
from app.core.config import Settings
from app.db.tables import run_events, runs
from tests.support.callers import Caller, session_of
from tests.support.fake_upstream import FakeUpstream
from tests.support.releases.folder import RELEASES, About, Release
from tests.support.releases.main_with_toy import __file__ as main_with_toy
from tests.support.releases.reading import read_all
from tests.support.releases.rows import revision_of, save_rows
from tests.support.releases.settings import DESK_KEY, SETTINGS, SHOP_KEY, write_assistants
from tests.support.releases.story import Stage, play
from tests.support.releases.upstream import embedding_upstream
from tests.support.rows import connected
from tests.support.server import ProcessServer
from tests.support.waiting import wait_until

# Seconds before midnight (UTC) in which nothing is recorded: usage must not lie on two days.
_MARGIN = 600


class Refusal(Exception):
    """Nothing is recorded; the message says why."""


class _Server(ProcessServer):
    main = Path(main_with_toy)


def record(version: str) -> Path:
    """Record the data of this version and return its folder. Raises `Refusal`."""
    target = RELEASES / version
    _check(version, target)
    with tempfile.TemporaryDirectory() as work:
        draft = Path(work) / "release"
        draft.mkdir()
        _record_into(Release(draft), Path(work))
        # As a whole or not at all: a recording that fails leaves nothing to be taken for one.
        RELEASES.mkdir(exist_ok=True)
        shutil.copytree(draft, target)
    return target


def _check(version: str, target: Path) -> None:
    if version != __version__:
        raise Refusal(f"This is version {__version__}, not {version}.")
    if target.exists():
        raise Refusal(f"{version} is recorded already, in {target}; it must stay as it is.")
    if -time.time() % 86_400 < _MARGIN:
        raise Refusal("It is nearly midnight (UTC); please record after it.")


def _record_into(release: Release, work: Path) -> None:
    write_assistants(release.folder)
    database_url = f"sqlite:///{(work / 'release.db').as_posix()}"
    with embedding_upstream() as upstream, ThreadPoolExecutor() as aside:
        environment = {
            **SETTINGS,
            "DATABASE_URL": database_url,
            "FILES_URL": str(work / "objects"),
            "ASSISTANTS_FILE": str(release.assistants_file),
            "OPENAI_BASE_URL": upstream.base_url,
            "OPENAI_API_KEY": "sk-of-the-upstream",
        }
        with _killed_at_the_end(work, environment) as server:
            about = _play(release, server, database_url, upstream, aside)
    shutil.copytree(work / "objects" / "files", release.files / "files")
    with connected(database_url) as connection:
        _check_interrupted(connection)
        release.write_about(replace(about, revision=revision_of(connection)))
        save_rows(connection, release)


def _check_interrupted(connection: Connection) -> None:
    active = select(runs.c.status).where(runs.c.status.in_(("in_progress", "queued")))
    found = connection.execute(active.order_by(runs.c.sequence)).scalars().all()
    assert found == ["in_progress", "queued", "queued", "queued"], found


@contextmanager
def _killed_at_the_end(work: Path, environment: dict[str, str]) -> Iterator[ProcessServer]:
    server = _Server(work, **environment)
    try:
        server.wait_ready()
        yield server
    finally:
        server.kill()


def _play(
    release: Release,
    server: ProcessServer,
    database_url: str,
    upstream: FakeUpstream,
    aside: ThreadPoolExecutor,
) -> About:
    """Play the story, write what its clients have seen, and kill the server.

    The revision is still to be filled in.
    """
    with closing(Caller(server.base_url)) as page:
        token = session_of(page)
    callers = {"shop": SHOP_KEY, "desk": DESK_KEY, "visitor": token}
    shop, desk, visitor = (Caller(server.base_url, shown) for shown in callers.values())
    stage = Stage(shop, desk, visitor, upstream, aside)
    scenes = play(stage)
    _wait_for_journal(database_url, stage)
    recorded_at = int(time.time())
    day = datetime.fromtimestamp(recorded_at, UTC).date().isoformat()
    release.write_seen(*read_all(stage, day, scenes))
    server.kill()
    for asking in stage.asking:
        assert isinstance(asking.exception(), httpx.TransportError), "a chat was answered"
    assert not upstream.refused, upstream.refused
    for client in (shop, desk, visitor):
        client.close()
    return About(
        version=__version__,
        revision="",
        recorded_at=recorded_at,
        settings=SETTINGS,
        callers=callers,
        scenes=scenes,
    )


def _wait_for_journal(database_url: str, stage: Stage) -> None:
    """Wait until the journal has the first words that readers have seen of the answer."""
    delta = next(event for event in stage.interrupted if event.event == "thread.message.delta")
    run_id = delta.run.rpartition("/")[2]
    statement = select(func.max(run_events.c.last_event_id)).where(run_events.c.run_id == run_id)

    def is_kept() -> bool:
        with connected(database_url) as connection:
            return (connection.execute(statement).scalar() or 0) >= delta.id

    wait_until(is_kept, 10)


def _bare_environment() -> None:
    """No setting of this machine reaches the server."""
    for name in [*os.environ]:
        if name.startswith(("OPENAI_", "OTEL_")) or name.lower() in Settings.model_fields:
            del os.environ[name]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.releases",
        description="Record the data that this version leaves, for later versions to open.",
    )
    parser.add_argument("version", help="the version in app/__init__.py")
    arguments = parser.parse_args()
    _bare_environment()
    try:
        folder = record(arguments.version)
    except Refusal as refusal:
        sys.exit(str(refusal))
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
