"""What stands in a README: its headings, code, links, and the names that it puts in code marks."""

import re
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_BLOCKS = re.MULTILINE | re.DOTALL


class Heading(NamedTuple):
    level: int
    title: str

    @property
    def anchor(self) -> str:
        """Return what links lead to, by GitHub's rule: letters of any language stay."""
        return re.sub(r"[^\w\- ]", "", self.title.lower()).replace(" ", "-")


class Block(NamedTuple):
    """A piece of code between fences; `language` is empty for what a program printed."""

    language: str
    code: str


class Readme:
    """A Markdown file beside the programs, such as `README.md`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = (ROOT / name).read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[Block]:
        return [Block(*found) for found in re.findall(r"^```(\w*)\n(.*?)^```$", self.text, _BLOCKS)]

    @cached_property
    def prose(self) -> str:
        """The text without its code blocks, whose comments look like headings."""
        return re.sub(r"^```\w*\n.*?^```$", "", self.text, flags=_BLOCKS)

    @property
    def headings(self) -> list[Heading]:
        found = re.findall(r"^(#+) (.+)$", self.prose, re.MULTILINE)
        return [Heading(len(marks), title) for marks, title in found]

    @property
    def sections(self) -> list[str]:
        """The prose below each heading, in the order of `headings`."""
        starts = [found.start() for found in re.finditer(r"^#+ ", self.prose, re.MULTILINE)]
        return [self.prose[start:end] for start, end in pairwise([*starts, len(self.prose)])]

    @property
    def linked_files(self) -> list[str]:
        return re.findall(r"\]\(([^)#:]+)\)", self.prose)

    @property
    def linked_anchors(self) -> list[str]:
        return re.findall(r"\]\(#([^)]+)\)", self.prose)

    @property
    def calls(self) -> list[str]:
        """The API's paths that stand in code marks."""
        return re.findall(r"(?<=`)(?:GET |POST )?(/api/v1\S*|/chat|/health)(?=`)", self.text)

    @property
    def settings(self) -> set[str]:
        """The names of settings, in code marks or as lines of `.env`."""
        pattern = r"^([A-Z_]+)=|`([A-Z]+_[A-Z_]+)(?:=[^`]*)?`"
        return {first or second for first, second in re.findall(pattern, self.text, re.MULTILINE)}

    def table(self, head: str) -> list[str]:
        """Return the rows of the table whose first line is `head`."""
        return self.text.partition(f"{head}\n|---|---|---|\n")[2].partition("\n\n")[0].splitlines()


def code_marks(prose: str) -> set[str]:
    """Return what stands in code marks, whichever way its lines are broken."""
    return {" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)}
