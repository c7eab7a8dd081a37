"""Describes how to download the images and files in an answer."""

from typing import Literal

from app.terminal.language import Said

_NAMES = {
    "image": Said("image", "이미지"),
    "file": Said("file", "파일"),
}
_COMMAND = "python -m app files download {file}"


def how_to_download(kind: Literal["image", "file"], file_id: str, name: str = "") -> Said:
    """Return a file's id, its name if it has one, and the command that downloads it."""
    shown = f"{name} ({file_id})" if name else file_id
    command = _COMMAND.format(file=file_id)
    english, korean = _NAMES[kind]
    return Said(f"[{english}: {shown}] {command}", f"[{korean}: {shown}] {command}")
