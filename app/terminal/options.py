"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from app.terminal.failures import Failure
from app.terminal.language import Said, both

LimitOption = Annotated[
    int,
    typer.Option(
        "--limit",
        min=1,
        show_default=False,
        help=both("The most to list; default: 20.", "최대 표시 개수. 기본값은 20입니다."),
    ),
]
YesOption = Annotated[
    bool,
    typer.Option("--yes", "-y", help=both("Don't ask for confirmation.", "확인을 묻지 않습니다.")),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help=both(
            "Write to this file; `-` is standard output.",
            "이 파일에 씁니다. `-`는 표준 출력입니다.",
        ),
    ),
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help=both("Replace an existing file.", "이미 있는 파일을 덮어씁니다.")),
]

StepsOption = Annotated[
    bool,
    typer.Option("--steps", help=both("Show tool calls, too.", "도구 호출도 봅니다.")),
]

CREATED = Said("Created", "만든 시각")
NAME = Said("Name", "이름")
MORE = Said("There are more: --limit {limit}", "더 있습니다: --limit {limit}")


def is_screen(path: Path | None) -> bool:
    return path is None or str(path) == "-"


def check_free(path: Path, *, force: bool) -> None:
    """Raise `Failure` if `path` is a folder, or an existing file that must not be replaced."""
    if path.is_dir():
        raise Failure(_IS_FOLDER.filled(path=path))
    if path.exists() and not force:
        raise Failure(_EXISTS.filled(path=path))


def not_written(path: Path, error: OSError) -> Failure:
    return Failure(_NOT_WRITTEN.filled(path=path, reason=error.strerror or error))


def not_read(path: Path, error: OSError) -> Failure:
    return Failure(_NOT_READ.filled(path=path, reason=error.strerror or error))


_EXISTS = Said(
    "{path} already exists; --force replaces it.",
    "{path} 파일이 이미 있습니다. --force를 붙이면 덮어씁니다.",
)
_IS_FOLDER = Said("{path} is a folder.", "폴더입니다: {path}")
_NOT_WRITTEN = Said("{path} can't be written: {reason}", "{path}에 쓸 수 없습니다: {reason}")
_NOT_READ = Said("{path} can't be read: {reason}", "{path} 파일을 읽을 수 없습니다: {reason}")
