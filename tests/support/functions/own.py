"""A server's functions, as a developer would write them, and some that fail."""

import asyncio
import threading
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

not_started = threading.Event()


def double(number: Annotated[int, Field(description="Any number.", ge=0)], times: int = 1) -> int:
    """Double a number, again and again."""
    return number * 2**times


async def weekday(day: date, language: Literal["en", "ko"] = "en") -> dict[str, Any]:
    """Tell the day of the week."""
    await asyncio.sleep(0)
    names = ("월", "화", "수", "목", "금", "토", "일")
    return {"day": day, "weekday": names[day.weekday()] if language == "ko" else day.weekday()}


def greet(name: str) -> str:
    return f"안녕, {name}"


def scanned(nested: bool = False, fails: bool = False) -> Any:
    """Return text as extracted from some PDF files."""
    text = "a\0b \ud83d"
    if fails:
        raise ValueError(text)
    return {"text": [text]} if nested else text


def broken() -> None:
    """Fail."""
    raise LookupError("no such screen: SCR-9")


async def slow() -> str:
    """Never answer."""
    await asyncio.sleep(60)
    return "late"


def blocking() -> str:
    """Never answer, and hold a thread."""
    not_started.wait(3)
    return "late"


def _private() -> str:
    return "hidden"
