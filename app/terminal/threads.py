"""`threads`: finds, shows, exports and deletes threads."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.terminal.client import Object, path_of
from app.terminal.command import Group, Terminal, server_command
from app.terminal.failures import Failure
from app.terminal.language import Said, both
from app.terminal.options import (
    CREATED,
    MORE,
    ForceOption,
    LimitOption,
    OutputOption,
    StepsOption,
    YesOption,
    check_free,
    is_screen,
    not_written,
)
from app.terminal.rating import Rating, Verdict, rate
from app.terminal.screen import moment
from app.terminal.transcript import as_markdown, read_transcript, show_messages

Format = Literal["markdown", "json"]
ThreadArgument = Annotated[
    str, typer.Argument(metavar="ID", help=both("The thread's id.", "대화의 ID."))
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(cls=Group, no_args_is_help=True)
    app.add_typer(
        group,
        name="threads",
        help=both(
            "Find, show, rate, export and delete threads.",
            "대화를 찾고, 보고, 평가하고, 내보내고, 지웁니다.",
        ),
    )
    server_command(
        group, "list", both("List threads, newest first.", "대화 목록을 최근 것부터 봅니다.")
    )(_list)
    server_command(group, "show", both("Show a thread's messages.", "대화의 메시지를 봅니다."))(
        _show
    )
    server_command(
        group, "rate", both("Rate a thread's newest answer.", "대화의 마지막 답변을 평가합니다.")
    )(_rate)
    server_command(
        group,
        "export",
        both("Export a thread as Markdown or JSON.", "대화를 Markdown이나 JSON으로 내보냅니다."),
        has_json=False,
    )(_export)
    server_command(
        group,
        "delete",
        both("Delete threads with all their messages.", "대화를 메시지와 함께 지웁니다."),
        has_json=False,
    )(_delete)


def _list(
    terminal: Terminal,
    search: Annotated[
        str | None,
        typer.Option(
            "--search",
            "-s",
            metavar="TEXT",
            help=both("Only threads that contain this text.", "이 말이 나온 대화만 봅니다."),
        ),
    ] = None,
    metadata: Annotated[
        list[str] | None,
        typer.Option(
            "--metadata",
            metavar="KEY=VALUE",
            help=both(
                "Only threads with this metadata; can be repeated.",
                "이 메타데이터가 있는 대화만 봅니다. 여러 번 쓸 수 있습니다.",
            ),
        ),
    ] = None,
    limit: LimitOption = 20,
) -> None:
    query: Object = {"q": search} if search else {}
    query |= dict(metadata_filter(pair) for pair in metadata or [])
    found = terminal.client.list("/threads", limit, query)
    if terminal.as_json:
        terminal.show_json(found.items)
        return
    terminal.show_table(
        [Said("ID", "ID"), CREATED, Said("Thread", "대화")],
        ((one.get("id"), moment(one.get("created_at")), _about(one)) for one in found.items),
    )
    if found.has_more:
        terminal.note(MORE.filled(limit=limit * 5))


def metadata_filter(pair: str) -> tuple[str, str]:
    """Return KEY=VALUE as a query parameter for listing threads. Raises `Failure`."""
    key, sign, value = pair.partition("=")
    if not key or not sign:
        raise Failure(_BAD_PAIR.filled(pair=pair), status=2)
    return f"metadata[{key}]", value


def _about(thread: Object) -> object:
    return (thread.get("metadata") or {}).get("title") or thread.get("preview")


def _show(terminal: Terminal, thread: ThreadArgument, steps: StepsOption = False) -> None:
    transcript = read_transcript(terminal.client, thread, with_steps=steps)
    if terminal.as_json:
        terminal.show_json(transcript)
    else:
        show_messages(terminal, transcript["messages"], transcript.get("steps"))


def _rate(
    terminal: Terminal,
    thread: ThreadArgument,
    rating: Annotated[
        Rating,
        typer.Argument(
            help=both("`none` removes the rating.", "`none`은 평가를 지웁니다."),
        ),
    ],
    comment: Annotated[
        str,
        typer.Option(
            "--comment",
            "-c",
            metavar="TEXT",
            help=both("What is good or wrong about it.", "좋았던 점이나 잘못된 점."),
        ),
    ] = "",
) -> None:
    rate(terminal, thread, Verdict(rating, comment))


def _export(
    terminal: Terminal,
    thread: ThreadArgument,
    output: OutputOption = None,
    format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help=both(
                "Default: from the file's name, else markdown.",
                "기본값은 파일 이름에 따르고, 없으면 markdown입니다.",
            ),
        ),
    ] = None,
    force: ForceOption = False,
) -> None:
    if not is_screen(output) and output:
        check_free(output, force=force)
    transcript = read_transcript(terminal.client, thread)
    terminal.as_json = (format or _format_of(output)) == "json"
    if is_screen(output) or output is None:
        if terminal.as_json:
            terminal.show_json(transcript)
        else:
            terminal.write(as_markdown(transcript, terminal.language).rstrip("\n"))
        return
    text = (
        terminal.json_text(transcript)
        if terminal.as_json
        else as_markdown(transcript, terminal.language)
    )
    try:
        output.write_text(text, "utf-8", "replace")
    except OSError as error:
        raise not_written(output, error) from error
    terminal.note(_EXPORTED.filled(path=output, count=len(transcript["messages"])))


def _format_of(output: Path | None) -> Format:
    return "json" if output is not None and output.suffix.lower() == ".json" else "markdown"


def _delete(
    terminal: Terminal,
    threads: Annotated[
        list[str], typer.Argument(metavar="ID...", help=both("The threads' ids.", "대화의 ID."))
    ],
    yes: YesOption = False,
) -> None:
    if not yes and not terminal.confirm(_SURE.filled(count=len(threads))):
        raise typer.Exit(1)
    for thread in threads:
        terminal.client.delete(path_of("threads", thread))
        terminal.note(_DELETED.filled(thread=thread))


_BAD_PAIR = Said(
    "--metadata must be KEY=VALUE, got '{pair}'.",
    "--metadata는 KEY=VALUE 꼴이어야 합니다. 받은 값: '{pair}'",
)
_EXPORTED = Said(
    "Exported {count} message(s) to {path}.", "메시지 {count}개를 {path}에 내보냈습니다."
)
_SURE = Said(
    "Delete {count} thread(s) with all their messages?", "대화 {count}개를 메시지와 함께 지울까요?"
)
_DELETED = Said("Deleted {thread}.", "{thread} 대화를 지웠습니다.")
