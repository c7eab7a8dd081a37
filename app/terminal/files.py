"""`files`: uploads, lists, downloads and deletes files."""

from pathlib import Path
from typing import Annotated

import typer

from app.terminal.client import path_of
from app.terminal.command import Group, Terminal, server_command
from app.terminal.download import download
from app.terminal.ingestion import attach, store_of
from app.terminal.language import Said, both
from app.terminal.options import (
    CREATED,
    MORE,
    NAME,
    ForceOption,
    LimitOption,
    OutputOption,
    YesOption,
)
from app.terminal.screen import moment
from app.terminal.upload import check_readable, upload

FileArgument = Annotated[
    str, typer.Argument(metavar="ID", help=both("The file's id.", "파일의 ID."))
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(cls=Group, no_args_is_help=True)
    app.add_typer(
        group,
        name="files",
        help=both("Upload, list, download and delete files.", "파일을 올리고 내려받고 지웁니다."),
    )
    server_command(group, "list", both("List the files.", "파일 목록을 봅니다."))(_list)
    server_command(
        group,
        "upload",
        both(
            "Upload files, optionally for an assistant to search.",
            "파일을 올립니다. 어시스턴트가 검색하게 할 수도 있습니다.",
        ),
    )(_upload)
    server_command(
        group, "download", both("Download a file.", "파일을 내려받습니다."), has_json=False
    )(_download)
    server_command(group, "delete", both("Delete files.", "파일을 지웁니다."), has_json=False)(
        _delete
    )


def _list(
    terminal: Terminal,
    purpose: Annotated[
        str | None,
        typer.Option(
            "--purpose", help=both("Only files with this purpose.", "이 용도의 파일만 봅니다.")
        ),
    ] = None,
    limit: LimitOption = 20,
) -> None:
    found = terminal.client.list("/files", limit, {"purpose": purpose} if purpose else {})
    if terminal.as_json:
        terminal.show_json(found.items)
        return
    terminal.show_table(
        [Said("ID", "ID"), NAME, Said("Bytes", "바이트"), Said("Purpose", "용도"), CREATED],
        (
            (
                one.get("id"),
                one.get("filename"),
                f"{one.get('bytes', 0):,}",
                one.get("purpose"),
                moment(one.get("created_at")),
            )
            for one in found.items
        ),
    )
    if found.has_more:
        terminal.note(MORE.filled(limit=limit * 5))


def _upload(
    terminal: Terminal,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help=both("The files to upload.", "올릴 파일.")),
    ],
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="ID",
            help=both(
                "Add the files to this vector store and wait until they are processed.",
                "이 벡터 스토어에 파일을 추가하고, 처리가 끝날 때까지 기다립니다.",
            ),
        ),
    ] = None,
    assistant: Annotated[
        str | None,
        typer.Option(
            "--assistant",
            metavar="ID",
            help=both(
                "Add the files to this assistant's vector store, which is created if necessary.",
                "이 어시스턴트의 벡터 스토어에 파일을 추가합니다. 없으면 새로 만듭니다.",
            ),
        ),
    ] = None,
    purpose: Annotated[
        str,
        typer.Option(
            "--purpose",
            show_default=False,
            help=both("Default: assistants.", "기본값은 assistants입니다."),
        ),
    ] = "assistants",
) -> None:
    # Check everything before sending the first byte.
    for path in paths:
        check_readable(path)
    store = store_of(terminal, store, assistant)
    uploaded = upload(terminal, paths, purpose)
    if terminal.as_json:
        terminal.show_json(uploaded)
    else:
        for one in uploaded:
            terminal.write(f"{one.get('id')}  {one.get('filename')}")
    if store:
        attach(terminal, store, uploaded)


def _download(
    terminal: Terminal, file: FileArgument, output: OutputOption = None, force: ForceOption = False
) -> None:
    download(terminal, file, output, force=force)


def _delete(
    terminal: Terminal,
    files: Annotated[
        list[str], typer.Argument(metavar="ID...", help=both("The files' ids.", "파일의 ID."))
    ],
    yes: YesOption = False,
) -> None:
    if not yes and not terminal.confirm(_SURE.filled(count=len(files))):
        raise typer.Exit(1)
    for file in files:
        terminal.client.delete(path_of("files", file))
        terminal.note(_DELETED.filled(file=file))


_SURE = Said("Delete {count} file(s)?", "파일 {count}개를 지울까요?")
_DELETED = Said("Deleted {file}.", "{file} 파일을 지웠습니다.")
