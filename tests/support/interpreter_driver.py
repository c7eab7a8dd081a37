"""A process with a code interpreter, as a server has one: `python -m … SETTINGS`.

It reads requests, JSON objects one per line, from standard input, and writes an answer to each. So
the tests can try everything as another user than their own; it needs no packages.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.interpreter import zygote
from app.interpreter.events import Ended, InterpreterError, Limits, Printed, Shown, Unreadable
from app.interpreter.interpreter import Interpreter
from app.interpreter.session import Session

# Seconds. On a busy machine, the files of hostile code take long to remove.
_ENDS = 90.0


async def _main(settings: dict[str, Any]) -> None:
    zygote._ENDS = _ENDS
    interpreter = Interpreter(
        Path(settings["python"]),
        Limits(**settings["limits"]),
        sessions=settings["sessions"],
        idle_seconds=600,
        folder=Path(settings["folder"]),
    )
    await interpreter.open()
    _answer({"unavailable": interpreter.unavailable, "pid": os.getpid()})
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            _answer(await _handle(interpreter, json.loads(line)))
    finally:
        await interpreter.close()


def _answer(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def _handle(interpreter: Interpreter, request: dict[str, Any]) -> dict[str, Any]:
    if "at_once" in request:
        handled = (_handle(interpreter, one) for one in request["at_once"])
        return {"answers": await asyncio.gather(*handled)}
    async with interpreter.session(request["key"]) as session:
        answer: dict[str, Any] = {"fresh": session.fresh, "files": []}
        for name, content in request.get("put", {}).items():
            answer["files"].append(await session.put(name, _once(content.encode())))
        pause = asyncio.create_task(_longest_pause())
        answer |= await _executed(session, request["code"], cancels=request.get("cancels", False))
        pause.cancel()
        answer |= {"alive": session.alive, "pause": await pause}
        try:
            made = await session.changed()
            answer |= {"made": [asdict(file) for file in made], "skipped": session.skipped}
        except InterpreterError as error:
            answer |= {"made": [], "skipped": [], "refused": str(error)}
        return answer


async def _executed(session: Session, code: str, *, cancels: bool) -> dict[str, Any]:
    printed, shown, ended = "", [], None
    started = time.monotonic()
    async with aclosing(session.execute(code)) as events:
        async for event in events:
            match event:
                case Printed(text):
                    printed += text
                    if cancels:
                        started = time.monotonic()
                        break
                case Shown():
                    shown.append(await _size(session, event))
                case Ended():
                    ended = event
    return {
        "printed": printed,
        "shown": shown,
        "how": ended and ended.how,
        "note": ended and ended.note,
        "seconds": time.monotonic() - started,
    }


async def _size(session: Session, shown: Shown) -> int | None:
    try:
        return len(await session.read(shown))
    except Unreadable:
        return None


async def _longest_pause() -> float:
    """Return the longest time in which nothing else ran here, once it is cancelled."""
    longest, last = 0.0, time.monotonic()
    try:
        while True:
            await asyncio.sleep(0.005)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        return longest


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


if __name__ == "__main__":
    asyncio.run(_main(json.loads(sys.argv[1])))
