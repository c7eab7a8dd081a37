"""`person`: exports or deletes one person's threads, found by metadata, for privacy requests."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from app.terminal.belongings import Counts, find_file, objects_of, visitor
from app.terminal.client import Object
from app.terminal.command import Group, Terminal, server_command
from app.terminal.failures import Failure
from app.terminal.language import Said, both
from app.terminal.options import ForceOption, YesOption
from app.terminal.person_export import export
from app.terminal.threads import metadata_filter

MetadataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--metadata",
        metavar="KEY=VALUE",
        help=both(
            "Threads with this metadata; if repeated, threads with all of it.",
            "이 메타데이터가 있는 대화. 여러 번 쓰면 모두 있는 대화만 해당합니다.",
        ),
    ),
]
UserOption = Annotated[
    str | None,
    typer.Option(
        "--user",
        metavar="SUB",
        help=both(
            "Who the signed-in visitor is whose token has this `sub`, and his threads.",
            "토큰의 `sub`가 이 값인 로그인 방문자의 정보와 대화.",
        ),
    ),
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(cls=Group, no_args_is_help=True)
    app.add_typer(
        group,
        name="person",
        help=both(
            "Export or delete one person's threads and everything in them.",
            "한 사람의 대화와 그 안의 모든 것을 내보내거나 지웁니다.",
        ),
    )
    server_command(
        group,
        "export",
        both(
            "Export the threads and their attached files to a folder or .tar.gz.",
            "대화와 첨부 파일을 폴더나 .tar.gz로 내보냅니다.",
        ),
    )(_export)
    server_command(
        group,
        "delete",
        both(
            "Delete the threads and everything attached only to them.",
            "대화와 그 대화에만 첨부된 모든 것을 지웁니다.",
        ),
    )(_delete)


def _export(
    terminal: Terminal,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help=both("A folder, or a .tar.gz file.", "폴더 또는 .tar.gz 파일."),
        ),
    ],
    metadata: MetadataOption = None,
    user: UserOption = None,
    force: ForceOption = False,
) -> None:
    query = _query(metadata or [], user)
    result = export(terminal, query, output, force=force)
    counts = result.counts
    if not result.found:
        raise Failure(_NOTHING_TO_EXPORT.filled(person=_named(metadata or [], user)))
    if terminal.as_json:
        numbers = _numbers(counts) | {"steps": counts.steps, "files": result.files}
        terminal.show_json({"path": str(output), **numbers, "missing_files": result.missing})
        return
    numbers = {**_numbers(counts), "steps": counts.steps, "files": result.files}
    terminal.write(terminal.text(_EXPORTED.filled(path=output, **numbers)))
    if counts.visitors:
        terminal.write(terminal.text(_WHO_HE_IS))
    if result.missing:
        terminal.note(_MISSING.filled(files=", ".join(result.missing)))


def _delete(
    terminal: Terminal,
    metadata: MetadataOption = None,
    user: UserOption = None,
    yes: YesOption = False,
) -> None:
    query = _query(metadata or [], user)
    counts = Counts()
    for one in objects_of(terminal.client, query, steps=False):
        counts.add(one)
    if (counts.threads or counts.visitors) and not yes and not terminal.confirm(_asked(counts)):
        raise typer.Exit(1)
    # Sent even if no thread was found: one may have been created since, and repeating the command
    # must give the same result.
    answer = terminal.client.delete("/threads", query)
    # Unless he has asked something meanwhile.
    is_forgotten = bool(counts.visitors and user and visitor(terminal.client, user) is None)
    kept = [file_id for file_id in sorted(counts.files) if find_file(terminal.client, file_id)]
    deleted = {
        "threads": answer.get("count", 0),
        "messages": counts.messages,
        "runs": counts.runs,
        "files": answer.get("files", 0),
        "vector_stores": answer.get("vector_stores", 0),
        "visitors": int(is_forgotten),
    }
    if terminal.as_json:
        remains = {name: terminal.text(said) for name, said in _REMAINS.items()}
        terminal.show_json({"deleted": deleted, "files_used_elsewhere": kept, "remains": remains})
        return
    _report(terminal, deleted, kept)


def _report(terminal: Terminal, deleted: Object, kept: Sequence[str]) -> None:
    terminal.write(terminal.text(_DELETED.filled(**deleted)))
    if deleted["visitors"]:
        terminal.write(terminal.text(_FORGOTTEN))
    if kept:
        terminal.write(terminal.text(_KEPT.filled(files=", ".join(kept))))
    terminal.write(terminal.text(_ELSEWHERE))
    for said in _REMAINS.values():
        terminal.write(f"- {terminal.text(said)}")


def _query(metadata: Sequence[str], user: str | None) -> Object:
    if not metadata and not user:
        # Without a filter it would be everybody's.
        raise Failure(_NOBODY, status=2)
    pairs = [metadata_filter(pair) for pair in metadata]
    if len(dict(pairs)) < len(pairs):
        # No thread has two values for one key, and the first must not be silently ignored.
        raise Failure(_TWICE, status=2)
    return dict(pairs) | ({"user": user} if user else {})


def _named(metadata: Sequence[str], user: str | None) -> str:
    return ", ".join([*metadata, *([f"user={user}"] if user else [])])


def _asked(counts: Counts) -> Said:
    return _SURE.filled(**_numbers(counts)) if counts.threads else _SURE_OF_VISITOR


def _numbers(counts: Counts) -> Object:
    return {
        "threads": counts.threads,
        "messages": counts.messages,
        "runs": counts.runs,
        "visitors": counts.visitors,
    }


_NOBODY = Said(
    "Say whose threads: --metadata KEY=VALUE or --user SUB.",
    "누구의 대화인지 --metadata KEY=VALUE나 --user SUB로 알려 주세요.",
)
_TWICE = Said(
    "--metadata has the same key twice. Run the command once for each value.",
    "--metadata에 같은 키가 두 번 있습니다. 값마다 명령을 따로 실행해 주세요.",
)
_NOTHING_TO_EXPORT = Said(
    "Nothing is stored for {person}, so nothing was exported.",
    "{person}에 해당하는 데이터가 없어 아무것도 내보내지 않았습니다.",
)
_EXPORTED = Said(
    "Exported to {path}: {threads} threads, {messages} messages, {runs} runs, {steps} steps, "
    "{files} files.",
    "{path}에 내보냈습니다: 대화 {threads}개, 메시지 {messages}개, 실행 {runs}개, 단계 {steps}개, "
    "파일 {files}개.",
)
_WHO_HE_IS = Said(
    "With the name and e-mail address that the site has signed.",
    "사이트가 서명한 이름과 이메일 주소도 함께 내보냈습니다.",
)
_MISSING = Said(
    "Files that are no longer on the server, so not exported: {files}",
    "서버에서 없어져 내보내지 못한 파일: {files}",
)
_SURE = Said(
    "Delete {threads} thread(s) with {messages} message(s) and {runs} run(s), and everything "
    "attached only to them? This can't be undone.",
    "대화 {threads}개(메시지 {messages}개, 실행 {runs}개)와 그 대화에만 첨부된 모든 것을 지울까요? "
    "되돌릴 수 없습니다.",
)
_SURE_OF_VISITOR = Said(
    "Delete who this visitor is? He has no threads. This can't be undone.",
    "이 방문자의 정보를 지울까요? 대화는 없습니다. 되돌릴 수 없습니다.",
)
_FORGOTTEN = Said(
    "Who the visitor is (name and e-mail address) was deleted too.",
    "방문자의 이름과 이메일 주소도 지웠습니다.",
)
_DELETED = Said(
    "Deleted: {threads} threads, {messages} messages, {runs} runs, {files} files, "
    "{vector_stores} vector stores.",
    "지웠습니다: 대화 {threads}개, 메시지 {messages}개, 실행 {runs}개, 파일 {files}개, "
    "벡터 스토어 {vector_stores}개.",
)
_KEPT = Said(
    "Files kept, since something else uses them: {files}",
    "다른 곳에서도 쓰고 있어 남긴 파일: {files}",
)
_ELSEWHERE = Said(
    "This command does not delete:",
    "이 명령으로 지워지지 않는 것:",
)
_REMAINS = {
    "backups": Said(
        "backups of the database and the file store; delete or overwrite them yourself;",
        "데이터베이스와 파일 저장소의 백업. 직접 지우거나 덮어써야 합니다.",
    ),
    "logs": Said(
        "logs of this server and its proxy, with ids, addresses and times but no message texts;",
        "이 서버와 프록시의 로그. ID, 주소, 시각이 있고 대화 내용은 없습니다.",
    ),
    "notifications": Said(
        "webhooks and e-mails that were sent about them, with ids but nothing that they wrote;",
        "이미 보낸 웹훅과 메일. ID만 있고 대화 내용은 없습니다.",
    ),
    "usage": Said(
        "the token totals in /usage, which identify nobody;",
        "/usage의 토큰 합계. 누구의 것인지는 담겨 있지 않습니다.",
    ),
    "disk": Said(
        "traces in free pages of the database file, until the pages are reused;",
        "데이터베이스 파일의 빈 페이지에 남은 흔적. 그 페이지가 다시 쓰이면 없어집니다.",
    ),
    "upstream": Said(
        "what the model's provider stores of the requests that it received.",
        "모델 제공사가 받은 요청 가운데 보관하는 내용.",
    ),
}
