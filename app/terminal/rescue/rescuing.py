"""Sends what a reader finds to the server, or writes it to a file, and reports."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import typer

from app.terminal.command import Terminal
from app.terminal.failures import Failure
from app.terminal.language import Said
from app.terminal.moving.exporting import kind_of
from app.terminal.moving.reporting import counted, report
from app.terminal.moving.sending import Sender, Totals, content_lines, line_of
from app.terminal.options import not_read, not_written
from app.terminal.rescue.reader import Content, Done, Found, LeftOut, Reader

# How many finished keys are noted at a time, after everything before them was sent.
_NOTED_AT_ONCE = 20
_EXAMPLES = 3


class Rescue:
    def __init__(
        self,
        terminal: Terminal,
        reader: Reader,
        *,
        output: Path | None,
        progress: Path | None,
        dry_run: bool,
    ) -> None:
        if output is not None and progress is not None:
            raise Failure(_EITHER, status=2)
        self._terminal = terminal
        self._reader = reader
        self._output = output
        self._progress = None if dry_run else progress
        self._dry_run = dry_run
        self._left_out: Counter[Said] = Counter()
        self._examples: dict[Said, list[str]] = {}
        self._finished: list[str] = []
        self.done = self._noted()

    def run(self, found: Iterator[Found]) -> None:
        """Take everything. Raises `Failure`."""
        with self._target() as target:
            try:
                for one in found:
                    self._take(target, one)
            finally:
                # Also what was found before a failure.
                target.flush()
                self._note()
        self._report(target.totals)

    def _take(self, target: "Target", one: Found) -> None:
        match one:
            case LeftOut(why, example):
                self._left_out[why] += 1
                examples = self._examples.setdefault(why, [])
                if example and len(examples) < _EXAMPLES:
                    examples.append(example)
            case Content(file_id, pieces):
                target.add_content(file_id, pieces)
            case Done(key):
                self._finished.append(key)
                if len(self._finished) >= _NOTED_AT_ONCE:
                    target.flush()
                    self._note()
            case _:
                target.add(line_of(one))

    @contextmanager
    def _target(self) -> "Iterator[Target]":
        if self._output is None:
            yield Sender(self._terminal.client, dry_run=self._dry_run)
            return
        try:
            with self._output.open("wb") as file:
                self._output.chmod(0o600)
                yield _File(file)
        except OSError as error:
            raise not_written(self._output, error) from error

    # What is done

    def _noted(self) -> frozenset[str]:
        if self._progress is None or not self._progress.exists():
            return frozenset()
        try:
            return frozenset(self._progress.read_text("utf-8").split())
        except (OSError, UnicodeDecodeError) as error:
            reason = error if isinstance(error, OSError) else OSError(str(error))
            raise not_read(self._progress, reason) from error

    def _note(self) -> None:
        keys, self._finished = self._finished, []
        if self._progress is None or not keys:
            return
        try:
            with self._progress.open("a", encoding="utf-8") as file:
                file.write("".join(f"{key}\n" for key in keys))
        except OSError as error:
            raise not_written(self._progress, error) from error

    # The report

    def _report(self, totals: Totals) -> None:
        terminal = self._terminal
        if not terminal.as_json:
            self._show_left_out()
            if self._output is not None:
                what = counted(terminal, totals.created)
                said = _WRITTEN.filled(path=self._output, what=what or "0")
                terminal.write(terminal.text(said))
                return
            report(terminal, totals, dry_run=self._dry_run)
            return
        left_out = [
            {"why": terminal.text(why), "count": count, "examples": self._examples[why]}
            for why, count in self._left_out.most_common()
        ]
        limits = terminal.text(self._reader.limits)
        terminal.show_json(
            {**totals.as_json(), "dry_run": self._dry_run, "left_out": left_out, "limits": limits}
        )
        if totals.refused:
            raise typer.Exit(3)

    def _show_left_out(self) -> None:
        terminal = self._terminal
        for why, count in self._left_out.most_common():
            examples = ", ".join(self._examples[why])
            said = _LEFT_OUT.filled(
                count=f"{count:,}",
                why=terminal.text(why),
                examples=f" ({examples})" if examples else "",
            )
            terminal.note(said)
        terminal.note(_LIMITS.filled(limits=terminal.text(self._reader.limits)))


class _File:
    """A file of lines, instead of a server."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.totals = Totals()

    def add(self, line: bytes) -> None:
        self._file.write(line)
        self.totals.created[kind_of(line)] += 1

    def add_content(self, file_id: str, pieces: Callable[[], Iterable[bytes]]) -> None:
        for line in content_lines(file_id, pieces()):
            self._file.write(line)
        self.totals.created["file.content"] += 1

    def flush(self) -> None:
        self._file.flush()


Target = Sender | _File

_LEFT_OUT = Said("Left out: {count}, {why}{examples}", "제외: {count}개, {why}{examples}")
_LIMITS = Said("Can't be brought back: {limits}", "가져올 수 없는 것: {limits}")
_WRITTEN = Said("Written to {path}: {what}", "{path}에 썼습니다: {what}")
_EITHER = Said(
    "Give either --output or --progress: a file is always written as a whole.",
    "--output과 --progress 가운데 하나만 지정해 주세요. 파일은 항상 처음부터 씁니다.",
)
