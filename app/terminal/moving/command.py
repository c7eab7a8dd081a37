"""`export` and `import`: a project's objects as lines, or an archive with the files."""

from pathlib import Path
from typing import Annotated

import typer

from app.terminal.command import Terminal, server_command
from app.terminal.language import Said, both
from app.terminal.moving.exporting import Exporter
from app.terminal.moving.importing import send_all
from app.terminal.moving.reporting import counted, report
from app.terminal.moving.sending import Sender
from app.terminal.options import ForceOption, is_screen
from app.terminal.upload import byte_progress

DryRunOption = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help=both("Only count; change nothing.", "세어 보기만 하고 아무것도 바꾸지 않습니다."),
    ),
]


def register(app: typer.Typer) -> None:
    server_command(
        app,
        "export",
        both(
            "Export everything a project owns, to import it into another server.",
            "프로젝트의 모든 데이터를 내보냅니다. 다른 서버로 가져갈 수 있습니다.",
        ),
    )(_export)
    server_command(
        app,
        "import",
        both(
            "Import what `export` wrote; what is already there is left alone.",
            "`export`로 만든 파일을 가져옵니다. 이미 있는 것은 그대로 둡니다.",
        ),
    )(_import)


def _export(
    terminal: Terminal,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help=both(
                "An archive with the files' content (.tar.gz), or a file of JSON lines; `-` is "
                "standard output.",
                "파일 내용까지 담는 압축 파일(.tar.gz) 또는 JSON 줄로 된 파일. `-`는 표준 "
                "출력입니다.",
            ),
        ),
    ],
    content: Annotated[
        bool,
        typer.Option(
            "--bytes",
            help=both(
                "In JSON lines: include the files' content, in Base64.",
                "JSON 줄에 파일 내용도 Base64로 넣습니다.",
            ),
        ),
    ] = False,
    force: ForceOption = False,
) -> None:
    made = Exporter(terminal.client, terminal).export(output, content=content, force=force)
    if is_screen(output):
        return
    if terminal.as_json:
        counts = dict(made.counts)
        terminal.show_json({"path": str(output), "objects": counts, "missing": made.missing})
        return
    what = counted(terminal, made.counts)
    terminal.write(terminal.text(_EXPORTED.filled(path=output, what=what or "0")))
    if made.missing:
        terminal.note(_MISSING.filled(files=", ".join(made.missing)))
    terminal.note(_SECRET)


def _import(
    terminal: Terminal,
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help=both(
                "The archive, its unpacked folder, or a file of JSON lines; `-` is standard input.",
                "압축 파일이나 그것을 푼 폴더, 또는 JSON 줄로 된 파일. `-`는 표준 입력입니다.",
            ),
        ),
    ],
    dry_run: DryRunOption = False,
) -> None:
    sender = Sender(terminal.client, dry_run=dry_run)
    with byte_progress(terminal) as progress:
        total = source.stat().st_size if source.is_file() else None
        task = progress.add_task(source.name, total=total)
        send_all(source, sender, lambda size: progress.advance(task, size))
    report(terminal, sender.totals, dry_run=dry_run)


_EXPORTED = Said("Exported to {path}: {what}", "{path}에 내보냈습니다: {what}")
_MISSING = Said(
    "Files whose content the server does not have: {files}",
    "서버에 내용이 없는 파일: {files}",
)
_SECRET = Said(
    "It contains users' conversations. Keep it as safe as the server.",
    "사용자의 대화가 들어 있습니다. 서버만큼 안전하게 보관해 주세요.",
)
