"""One execution of code in a session: what the process sends becomes events, within the limits."""

import re
import time
from typing import Any

from app.interpreter.events import Ended, Event, How, Limits, Printed, Shown
from app.interpreter.pipes import InvalidReply, OutputPipe, Replies, wait_readable

# Pieces of output that arrive in quick succession become one.
_GATHER_SECONDS = 0.05
# Output beyond the limit is dropped, with this pause between reads of at most 64 KiB: what prints
# without end must not occupy the server.
_DROP_SECONDS = 0.02
# Of output that is read for one reply; more than a pipe contains.
_LAST_BYTES = 2 << 20
_FIGURE = re.compile(r"[1-9][0-9]{0,8}\.png")
_MOST_SHOWN = 20
_TRACEBACK = 4_100
_CUT = "\n[The output was cut after {:,} characters.]\n"
_INVALID = "The interpreter's process sent an invalid reply and was ended."


class Call:
    """The events of one execution. `ended` is set with the last one."""

    def __init__(
        self, number: int, replies: Replies, output: OutputPipe, pidfd: int, limits: Limits
    ) -> None:
        self.number = number
        self.ended: Ended | None = None
        # Whether the process can't be used any more.
        self.lost = False
        # Why the code is being stopped, once it is.
        self.verdict: tuple[How, str] | None = None
        self._replies = replies
        self._output = output
        self._pidfd = pidfd
        self._room = limits.output_characters
        self._limit = limits.output_characters
        self._read_again_at = 0.0
        self._shown = 0
        replies.begin()
        output.begin()

    async def more(self, seconds: float = 3600) -> list[Event]:
        """Wait for the next events, at most so long, and return them."""
        events: list[Event] = []
        # Output is read before the replies: what was shown before it is then known, with its place.
        if (pause := self._read_again_at - time.monotonic()) <= 0:
            self._output.fill()
            gap = _GATHER_SECONDS if self._room >= 0 else _DROP_SECONDS
            self._read_again_at = time.monotonic() + gap
        try:
            reply = self._replies.next()
            while reply is not None and not self.ended:
                events += self._handle(reply)
                reply = None if self.ended else self._replies.next()
        except InvalidReply:
            self._lose(_INVALID)
        if self._replies.closed and not self.ended and not self.lost:
            self._lose("")
        if not self.ended:
            events += self._text(self._output.take())
        if events or self.ended or self.lost:
            return events
        await self._wait(pause, seconds)
        return []

    async def _wait(self, pause: float, seconds: float) -> None:
        # The process's end closes its pipes, unless it has left them open elsewhere.
        files = [self._replies.file, self._pidfd]
        if pause > 0:
            seconds = min(pause, seconds)
        elif not self._output.closed:
            files.append(self._output.file)
        await wait_readable(files, seconds)

    def last_output(self) -> list[Event]:
        """Return what a process that is gone has printed before."""
        self._output.fill(_LAST_BYTES)
        return self._text(self._output.take() + self._output.end())

    def _handle(self, reply: dict[str, Any]) -> list[Event]:
        if reply.get("number") != self.number:
            return []  # of an earlier call that was given up
        if isinstance(name := reply.get("shown"), str):
            return self._figure(name, reply.get("after"))
        how, traceback = reply.get("ended"), reply.get("traceback", "")
        if how not in ("ok", "error", "interrupted") or not isinstance(traceback, str):
            raise InvalidReply
        events = self.last_output()
        if traceback:
            events.append(Printed(self._output.renamed(traceback[:_TRACEBACK])))
        self.ended = self._judge(how)
        return events

    def _judge(self, how: str) -> Ended:
        if how == "interrupted" and self.verdict:
            return Ended(self.verdict[0], f"{self.verdict[1]} The variables are kept.")
        return Ended("ok" if how == "ok" else "error")

    def _figure(self, name: str, after: object) -> list[Event]:
        """Return the output before the figure, which has so many bytes, and the figure."""
        if not _FIGURE.fullmatch(name) or not isinstance(after, int):
            raise InvalidReply
        until = min(after, _LAST_BYTES)
        self._output.fill(until)
        events = self._text(self._output.take(until) + self._output.end())
        self._shown += 1
        return events if self._shown > _MOST_SHOWN else [*events, Shown(name)]

    def _lose(self, why: str) -> None:
        self.lost = True
        if why and not self.verdict:
            self.verdict = ("died", why)

    def _text(self, text: str) -> list[Event]:
        if not text or self._room < 0:
            return []
        kept = text[: self._room]
        self._room -= len(text)
        if self._room < 0:
            kept += _CUT.format(self._limit)
        return [Printed(kept)] if kept else []
