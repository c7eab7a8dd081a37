"""A stand-in for the interpreter, for what the real one can't be brought to do.

Its code is trusted and runs in a thread of the tests; `print`, `open` and `show` are its own.
"""

import asyncio
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from app.interpreter.events import Ended, Event, Limits, MadeFile, Printed, Shown
from app.interpreter.interpreter import Interpreter
from app.interpreter.session import Session
from tests.support.pictures import PIXEL


class StandInSession(Session):
    alive = True
    skipped = ()  # type: ignore[assignment]

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.fresh = True
        self.folder = folder
        self.variables: dict[str, Any] = {"open": self._open, "FOLDER": folder}
        self._seen: dict[str, bytes] = {}

    async def put(self, name: str, chunks: AsyncIterator[bytes], *, also: str = "") -> str:
        content = b"".join([chunk async for chunk in chunks])
        path = self.folder / name
        assert not path.exists(), f"{name} is there already"
        path.parent.mkdir(parents=True, exist_ok=True)
        for one in (path, self.folder / also) if also else (path,):
            one.write_bytes(content)
            self._seen[str(one.relative_to(self.folder))] = content
        return name

    async def execute(self, code: str) -> AsyncGenerator[Event, None]:
        self.fresh = False
        events: asyncio.Queue[Event] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def send(event: Event) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        running = asyncio.create_task(asyncio.to_thread(self._run, code, send))
        while True:
            event = await events.get()
            yield event
            if isinstance(event, Ended):
                break
        await running

    def _run(self, code: str, send: Callable[[Event], None]) -> None:
        self.variables |= {
            "print": lambda *parts: send(Printed(" ".join(map(str, parts)) + "\n")),
            "show": lambda: send(Shown("picture.png")),
            "end": lambda how, note: (_ for _ in ()).throw(_Stop(how, note)),
        }
        try:
            exec(code, self.variables)
        except _Stop as stop:
            send(Ended(*stop.args))
        except (ArithmeticError, LookupError, NameError, OSError, SyntaxError, ValueError):
            send(Printed(traceback.format_exc(limit=-1)))
            send(Ended("error", ""))
        else:
            send(Ended("ok", ""))

    async def changed(self) -> list[MadeFile]:
        there = {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file()
        }
        new = [name for name, content in there.items() if self._seen.get(name) != content]
        self._seen = there
        return [MadeFile(name, len(there[name])) for name in sorted(new)]

    async def read(self, file: MadeFile | Shown) -> bytes:
        return PIXEL if isinstance(file, Shown) else (self.folder / file.name).read_bytes()

    def _open(self, path: str, mode: str = "r") -> Any:
        return (self.folder / path.removeprefix("/mnt/data/")).open(mode)


class _Stop(Exception):
    """Code that ends as its arguments say."""


class StandIn(Interpreter):
    """`live` are those of now, by thread; `count` is how many there have been."""

    def __init__(self, folder: Path) -> None:
        super().__init__(None, Limits(), sessions=1, idle_seconds=1)
        self._stand_in_folder = folder
        self.live: dict[str, StandInSession] = {}
        self.count = 0

    @property
    def unavailable(self) -> str:
        return ""

    def has(self, key: str) -> bool:
        return key in self.live

    async def drop(self, key: str) -> None:
        self.live.pop(key, None)

    @asynccontextmanager
    async def session(self, key: str) -> AsyncIterator[StandInSession]:
        if key not in self.live:
            self.count += 1
            self.live[key] = StandInSession(self._stand_in_folder / f"{self.count}")
        yield self.live[key]
