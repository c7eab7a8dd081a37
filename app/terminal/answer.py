"""Shows an answer while it is written, block by block, so that nothing flickers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner

from app.terminal.screen import clean, markdown

_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)
# A blank line before a line that isn't indented: the text before it is final.
_BREAK = re.compile(r"\n[ \t]*\n(?=\S)")


class PlainAnswer:
    """Writes an answer's text as it arrives, for pipes and files."""

    def __init__(self, console: Console) -> None:
        self._file = console.file
        self.text = ""

    def add(self, delta: str) -> None:
        self.text += delta
        self._file.write(clean(delta))
        self._file.flush()

    def end(self) -> None:
        if self.text and not self.text.endswith("\n"):
            self._file.write("\n")
        self._file.flush()


class LiveAnswer:
    """Renders Markdown as it arrives.

    Complete blocks are printed permanently and scroll away like other text; only the last block is
    redrawn, so an answer may be longer than the screen.
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self._tail = ""
        self._printed = False
        self.text = ""

    def add(self, delta: str) -> None:
        self.text += delta
        whole, self._tail = split_blocks(self._tail + delta)
        if whole:
            # Clear the live area first, so that the block isn't shown twice.
            self._live.update("")
            self._print(whole)
        self._live.update(self._below())

    def end(self) -> None:
        self._live.update("", refresh=True)
        if self._tail.strip():
            self._print(self._tail)
        self._tail = ""

    def _below(self) -> RenderableType:
        return markdown(self._tail) if self._tail.strip() else ""

    def _print(self, text: str) -> None:
        if self._printed:
            self._live.console.print()
        self._printed = True
        self._live.console.print(markdown(text))


Answer = PlainAnswer | LiveAnswer


@contextmanager
def answering(console: Console) -> Iterator[Answer]:
    """Yield an object that shows an answer; text already shown stays if the block raises."""
    answer: Answer
    if not console.is_terminal:
        answer = PlainAnswer(console)
        try:
            yield answer
        finally:
            answer.end()
        return
    with Live(Spinner("dots"), console=console, transient=True, refresh_per_second=12) as live:
        answer = LiveAnswer(live)
        try:
            yield answer
        finally:
            answer.end()


def split_blocks(text: str) -> tuple[str, str]:
    """Return the complete blocks of a Markdown text, and the rest."""
    for found in reversed([*_BREAK.finditer(text)]):
        before = text[: found.start()]
        # Inside a code fence, a blank line does not end a block.
        if len(_FENCE.findall(before)) % 2 == 0:
            return before, text[found.end() :]
    return "", text
