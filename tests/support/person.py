"""A person at a page, whose work is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator

# How long each takes somebody who is not in a hurry and sees the page for the first time, in
# seconds: to read what is there and find the place; to press it; to type a character (150 a
# minute, half of what is usual); to paste, with the keys or the menu; to find and choose files in
# the system's window; and to open a file of his own in an editor and save it.
LOOKS = 2.0
PRESSES = 1.0
TYPES = 0.4
PASTES = 2.0
CHOOSES_FILES = 10.0
EDITS_A_FILE = 30.0


@dataclass
class Work:
    """What was done, and the seconds it takes."""

    clicks: int = 0
    typed: int = 0
    pastes: int = 0
    choices: int = 0
    edits: int = 0

    @property
    def seconds(self) -> float:
        return (
            self.clicks * (LOOKS + PRESSES)
            + self.typed * TYPES
            + self.pastes * (LOOKS + PRESSES + PASTES)
            + self.choices * (LOOKS + PRESSES + CHOOSES_FILES)
            + self.edits * EDITS_A_FILE
        )


class Person:
    """Does with a page only what a person can, and counts it."""

    def __init__(self) -> None:
        self.work = Work()

    def click(self, target: Locator) -> None:
        self.work.clicks += 1
        target.click()

    def choose(self, target: Locator, value: str) -> None:
        """Choose an entry of a list: two presses."""
        self.work.clicks += 2
        target.select_option(value)

    def type(self, target: Locator, text: str) -> None:
        """Press a field, and type."""
        self.work.clicks += 1
        self.work.typed += len(text)
        target.fill(text)

    def enter(self, target: Locator) -> None:
        self.work.typed += 1
        target.press("Enter")

    def paste(self, target: Locator, text: str) -> None:
        """Paste what was copied before."""
        self.work.pastes += 1
        target.fill(text)

    def choose_files(self, target: Locator, files: Sequence[Path | Any]) -> None:
        """Press the button of a file field, and choose in the system's window."""
        self.work.choices += 1
        target.set_input_files(files)

    def edit_own_page(self) -> None:
        """Open a page of one's own site, paste into it, and save it."""
        self.work.edits += 1
