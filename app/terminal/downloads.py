"""How a file that an answer shows or offers is named, and how a person gets it."""

from typing import Literal

from app.terminal.language import Said

_NAMES = {
    "image": Said("image", "이미지"),
    "file": Said("file", "파일"),
}
_COMMAND = "python -m app files download {file}"


def how_to_download(kind: Literal["image", "file"], file_id: str, name: str = "") -> Said:
    """Return a file's name, if it has one, and the command that downloads it."""
    shown = f"{name} ({file_id})" if name else file_id
    command = _COMMAND.format(file=file_id)
    english, korean = _NAMES[kind]
    return Said(f"[{english}: {shown}] {command}", f"[{korean}: {shown}] {command}")
