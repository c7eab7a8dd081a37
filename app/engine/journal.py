"""Stores the events of streamed runs, for clients that reconnect and for other processes."""

from collections.abc import Iterable
from typing import NamedTuple

from app.db import run_events
from app.db.database import Connection
from app.engine.hub import Frame

# How many commits' frames are read at once. Together, those of a long answer would take hundreds of
# megabytes, for each reader that resumes it.
_COMMITS_AT_ONCE = 16


def number(events: Iterable[tuple[str, str]], first_id: int) -> list[Frame]:
    """Return the events, each a name and its JSON, as frames with ids from `first_id` on."""
    return [Frame(first_id + place, *event) for place, event in enumerate(events)]


def keep(connection: Connection, run_id: str, frames: list[Frame]) -> None:
    if frames:
        # One line per frame: the name has no space and the JSON has no line break.
        body = "".join(f"{frame.id} {frame.event} {frame.data}\n" for frame in frames)
        run_events.append(connection, run_id, frames[-1].id, body)


def append_unclaimed(
    connection: Connection, run_id: str, events: Iterable[tuple[str, str]]
) -> list[Frame]:
    """Append events of a run that no process executes to its journal; return their frames."""
    frames = number(events, run_events.last_id(connection, run_id) + 1)
    keep(connection, run_id, frames)
    return frames


class Kept(NamedTuple):
    """Stored frames, and whether more of them are stored."""

    frames: list[Frame]
    more: bool


def kept_after(connection: Connection, run_id: str, event_id: int) -> Kept:
    """Return the first stored frames after the id `event_id`, with `_COMMITS_AT_ONCE` commits."""
    bodies = run_events.bodies_after(connection, run_id, event_id, _COMMITS_AT_ONCE)
    lines = "".join(bodies).split("\n")[:-1]
    frames = [frame for frame in map(_frame, lines) if frame.id > event_id]
    return Kept(frames, len(bodies) == _COMMITS_AT_ONCE)


def _frame(line: str) -> Frame:
    frame_id, event, data = line.split(" ", 2)
    return Frame(int(frame_id), event, data)
