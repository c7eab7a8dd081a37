"""What is opened together is closed together: nothing remains, whichever part fails."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from inspect import isawaitable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app import assembly
from app.application import create_app
from app.core.config import Settings
from app.core.later_embedder import LaterEmbedder
from app.core.object_store import ObjectStore
from app.core.openai_client import OpenAIClient
from app.core.rate_limits import RequestCounter
from app.core.telemetry import Telemetry
from app.db.database import Database
from app.db.lanes import Lane
from app.engine.heartbeat import Heartbeat
from app.engine.neighbours import Neighbours
from app.engine.supervisor import RunSupervisor
from app.engine.tools.code_interpreter.deleted_threads import DeletedThreads
from app.interpreter.interpreter import Interpreter
from app.reloading import Reloader
from app.services.access import AccessService
from app.services.delivery import Delivery
from app.services.files import FileService
from app.services.ingestion import Ingestor
from app.services.insight_days import InsightDays
from app.services.retention import Retention
from app.services.thread_lists import ThreadListService
from app.services.trials import Trials
from tests.support.rows import connected
from tests.support.waiting import wait_until

# What opens each part, and what closes it. An opening fails once it has done its work.
PARTS: dict[str, tuple[Any, str | None, str | None]] = {
    "traces": (Telemetry, None, "close"),
    "database": (Database, "start", "close"),
    "a lane of the database": (Lane, None, "close"),
    "object store": (ObjectStore, "__init__", None),
    "request counter": (RequestCounter, "__init__", "close"),
    "model": (OpenAIClient, None, "close"),
    "embedding model": (LaterEmbedder, "__init__", "close"),
    "code interpreter": (Interpreter, "open", "close"),
    "code of deleted threads": (DeletedThreads, "open", "close"),
    "configured assistants": (assembly, "configure_assistants", None),
    "access": (AccessService, "__init__", None),
    "runs": (RunSupervisor, "open", "close"),
    "lease": (Heartbeat, "beat", "stop"),
    "notices": (Neighbours, "open", "close"),
    "retention": (Retention, "open", "close"),
    "files": (FileService, "open", "close"),
    "message index": (ThreadListService, "open", "close"),
    "trials of assistants": (Trials, "open", "close"),
    "counting of days": (InsightDays, "open", "close"),
    "file reader": (Ingestor, "open", "close"),
    "notifications": (Delivery, "open", "close"),
    "knowledge": (assembly, "knowledge_is_read", None),
    "reloader": (Reloader, "__init__", "close"),
}
OPENED = [name for name, (_, opens, _) in PARTS.items() if opens]
CLOSED = [name for name, (_, _, closes) in PARTS.items() if closes]

# Where Linux lists what this process has open.
FOLDER = Path("/proc/self/fd")
SOCKETS_ARE_SEEN = FOLDER.is_dir()

Serve = Callable[[], Any]


class Broken(Exception):
    """What a part fails with."""


@dataclass(frozen=True)
class Held:
    """What this process holds: threads of databases, tasks, sockets, handlers of signals."""

    threads: frozenset[threading.Thread]
    tasks: frozenset[asyncio.Task[Any]]
    sockets: frozenset[str]
    handlers: tuple[Any, ...]

    @classmethod
    def now(cls, loop: asyncio.AbstractEventLoop) -> "Held":
        named = (one for one in threading.enumerate() if one.name.startswith("database-"))
        return cls(
            frozenset(named),
            frozenset(asyncio.all_tasks(loop)),
            frozenset(_sockets()),
            tuple(map(signal.getsignal, (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))),
        )

    def since(self, before: "Held") -> list[str]:
        new = [f"thread {thread.name}" for thread in self.threads - before.threads]
        new += [f"task {task.get_name()}" for task in self.tasks - before.tasks]
        new += [f"socket {one}" for one in self.sockets - before.sockets]
        return new + (["signal handlers"] if self.handlers != before.handlers else [])


def _sockets() -> Iterator[str]:
    for entry in FOLDER.iterdir() if SOCKETS_ARE_SEEN else ():
        with suppress(OSError):
            target = os.readlink(entry)
            if target.startswith("socket:"):
                yield target


async def nothing_remains(before: Held, database_url: str) -> None:
    loop = asyncio.get_running_loop()
    # The fake upstream runs in this process too, and closes its end a moment later.
    with suppress(AssertionError):
        await asyncio.to_thread(wait_until, lambda: not Held.now(loop).since(before))
    assert Held.now(loop).since(before) == []
    assert leases(database_url) == 0


def leases(database_url: str) -> int:
    with connected(database_url) as connection:
        count: int = connection.execute(text("SELECT count(*) FROM workers")).scalar_one()
        return count


@pytest.fixture
def serve(database_url, tmp_path, upstream) -> Serve:
    """Return the lifespan of an application that has every part there is."""
    settings = Settings(
        _env_file=None,
        database_url=database_url,
        database_pool_size=2,
        files_url=str(tmp_path / "files"),
        openai_base_url=upstream.base_url,
        openai_api_key="sk-of-the-upstream",
        embedding_model="embed",
        redis_url="redis://127.0.0.1:1/0",
        retention_days=1,
        shutdown_seconds=1,
    )

    def lifespan():
        app = create_app(settings)
        return app.router.lifespan_context(app), app

    return lifespan


@dataclass
class Fault:
    """A function of a part, which fails once it has done its work, from when `on` is set."""

    on: bool = False


def fail_after(monkeypatch, owner: Any, method: str, fault: Fault) -> None:
    original = getattr(owner, method)

    async def finish(result: Any) -> None:
        await result
        raise Broken

    def failing(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if not fault.on:
            return result
        if isawaitable(result):
            return finish(result)
        raise Broken

    monkeypatch.setattr(owner, method, failing)


async def use(app: Any) -> None:
    """Let the parts have connections open, which they must close again."""
    await app.state.services.readiness.components()


async def test_what_is_not_closed_is_seen(serve, database_url):
    before = Held.now(asyncio.get_running_loop())
    lifespan, app = serve()
    async with lifespan:
        await use(app)
        held = Held.now(asyncio.get_running_loop()).since(before)
        for kind in ("thread database-0", "task lease renewal", "task file removal", "signal"):
            assert any(one.startswith(kind) for one in held), (kind, held)
        if SOCKETS_ARE_SEEN:
            assert any(one.startswith("socket ") for one in held)
        assert leases(database_url) == 1
    await nothing_remains(before, database_url)


@pytest.mark.parametrize("part", OPENED)
async def test_a_part_that_fails_to_open_leaves_nothing(serve, database_url, monkeypatch, part):
    owner, opens, _ = PARTS[part]
    fail_after(monkeypatch, owner, str(opens), Fault(on=True))
    before = Held.now(asyncio.get_running_loop())
    lifespan, _ = serve()
    with pytest.raises(Broken):
        async with lifespan:
            pytest.fail(f"{part}: it was opened all the same")
    await nothing_remains(before, database_url)


@pytest.mark.parametrize("part", CLOSED)
async def test_a_part_that_fails_to_close_leaves_nothing(
    serve, database_url, monkeypatch, caplog, part
):
    owner, _, closes = PARTS[part]
    fault = Fault()
    fail_after(monkeypatch, owner, str(closes), fault)
    before = Held.now(asyncio.get_running_loop())
    lifespan, app = serve()
    with pytest.raises(Broken), caplog.at_level(logging.ERROR):
        async with lifespan:
            await use(app)
            fault.on = True
    assert "could not be closed: " in caplog.text
    await nothing_remains(before, database_url)


@pytest.mark.parametrize("part", CLOSED)
async def test_all_others_are_closed_when_one_refuses(serve, monkeypatch, part):
    refused: list[Callable[[], Any]] = []
    seen: set[str] = set()

    def watched(name: str, close: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def closing(self: Any) -> Any:
            seen.add(name)
            if name == part:
                refused.append(lambda: close(self))
                raise Broken
            return close(self)

        return closing

    for name in CLOSED:
        owner, _, closes = PARTS[name]
        monkeypatch.setattr(owner, str(closes), watched(name, getattr(owner, str(closes))))
    before = Held.now(asyncio.get_running_loop())
    lifespan, app = serve()
    with pytest.raises(Broken):
        async with lifespan:
            await use(app)
    # What only the part that refuses would have closed can't be asked for.
    inner = {"database": {"a lane of the database"}, "runs": {"lease"}}.get(part, set())
    assert seen == set(CLOSED) - inner
    # The rows of these two can't be written any more: the database is closed.
    await _tidy_up(() if part in ("runs", "lease") else refused, before)


async def _tidy_up(closes: Iterable[Callable[[], Any]], before: Held) -> None:
    """Close what refused to be closed, and cancel what remains."""
    for close in closes:
        closing = close()
        if isawaitable(closing):
            await closing
    left = asyncio.all_tasks() - before.tasks
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def test_several_failures_are_raised_together(serve, monkeypatch, caplog):
    fault = Fault()
    for part in ("model", "files"):
        owner, _, closes = PARTS[part]
        fail_after(monkeypatch, owner, str(closes), fault)
    lifespan, app = serve()
    with pytest.raises(ExceptionGroup) as raised, caplog.at_level(logging.ERROR):
        async with lifespan:
            await use(app)
            fault.on = True
    assert [type(error) for error in raised.value.exceptions] == [Broken, Broken]
    for part in ("upstream custom", "files"):
        assert f"could not be closed: {part}" in caplog.messages


async def test_what_is_raised_while_it_serves_comes_first(serve, database_url, monkeypatch):
    before = Held.now(asyncio.get_running_loop())
    fail_after(monkeypatch, OpenAIClient, "close", Fault(on=True))
    lifespan, app = serve()
    with pytest.raises(KeyError):
        async with lifespan:
            await use(app)
            raise KeyError
    await nothing_remains(before, database_url)
