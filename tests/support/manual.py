"""The documents of the project: their headings, code, links, and the names in code marks."""

import re
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]+))?\)")


class Heading(NamedTuple):
    level: int
    title: str

    @property
    def anchor(self) -> str:
        """The heading's anchor by GitHub's rule, which keeps letters of any language."""
        return re.sub(r"[^\w\- ]", "", self.title.lower()).replace(" ", "-")


class Block(NamedTuple):
    """Code between fences; `language` is empty for the output of a program."""

    language: str
    code: str


class Link(NamedTuple):
    """A link; `file` is empty within a document, `anchor` if the link has none."""

    file: str
    anchor: str


class Document:
    """A Markdown file, named by its path in the project."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = ROOT / name
        self.text = self.path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[Block]:
        return [Block(*found) for found in _BLOCK.findall(self.text)]

    @cached_property
    def prose(self) -> str:
        """The text without its code blocks, whose comments look like headings."""
        return _BLOCK.sub("", self.text)

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
    def links(self) -> list[Link]:
        """The links into the project; those to the web are left out."""
        found = [Link(*link) for link in _LINK.findall(self.prose)]
        return [link for link in found if not re.match(r"\w+:", link.file)]

    @property
    def calls(self) -> list[str]:
        """The paths of the API in code marks."""
        return re.findall(r"(?<=`)(?:GET |POST |DELETE )?(/api/v1[^\s`?]*)(?=`)", self.text)

    @property
    def settings(self) -> set[str]:
        """The names of settings, in code marks or as lines of `.env`."""
        pattern = r"^([A-Z_]+)=|`([A-Z]+_[A-Z_]+)(?:=[^`]*)?`"
        return {first or second for first, second in re.findall(pattern, self.text, re.MULTILINE)}


def code_marks(prose: str) -> set[str]:
    """Return what is in code marks, however its lines are broken."""
    return {" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)}


def _documents(*patterns: str) -> list[Document]:
    files = [file for pattern in patterns for file in sorted(ROOT.glob(pattern))]
    return [Document(file.relative_to(ROOT).as_posix()) for file in files]


# What users read, in each language: documents of the same place belong together.
ENGLISH = _documents("README.md", "docs/*.md", "docs/coming-from/*.md")
KOREAN = _documents("README.ko.md", "docs/ko/*.md", "docs/ko/coming-from/*.md")
ALL = [*ENGLISH, *KOREAN, *_documents("[!R]*.md", "examples/README.md")]


def name_in_korean(name: str) -> str:
    """Return the name of an English document's Korean version."""
    if name == "README.md":
        return "README.ko.md"
    return name.replace("docs/", "docs/ko/", 1)
