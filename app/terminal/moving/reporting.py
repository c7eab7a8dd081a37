"""Shows what became of the objects that were imported."""

from collections.abc import Mapping

import typer

from app.terminal.language import Said
from app.terminal.moving.sending import Totals
from app.terminal.screen import Screen

# The exit status if some objects were refused.
_PARTIAL = 3
_SHOWN_PROBLEMS = 20

_KINDS = {
    "assistant": Said("assistants", "어시스턴트"),
    "thread": Said("threads", "대화"),
    "thread.message": Said("messages", "메시지"),
    "thread.message.feedback": Said("ratings", "평가"),
    "thread.run": Said("runs", "실행"),
    "thread.run.step": Said("run steps", "실행 단계"),
    "file": Said("files", "파일"),
    "file.content": Said("file contents", "파일 내용"),
    "vector_store": Said("vector stores", "벡터 스토어"),
    "vector_store.file": Said("files in vector stores", "벡터 스토어의 파일"),
}


def report(screen: Screen, totals: Totals, *, dry_run: bool) -> None:
    """Show the totals; raise `typer.Exit` if something was refused."""
    if screen.as_json:
        screen.show_json({**totals.as_json(), "dry_run": dry_run})
    else:
        _show(screen, totals, dry_run=dry_run)
    if totals.refused:
        raise typer.Exit(_PARTIAL)


def _show(screen: Screen, totals: Totals, *, dry_run: bool) -> None:
    made = _WOULD_CREATE if dry_run else _CREATED
    for said, counts in (
        (made, totals.created),
        (_UPDATED, totals.updated),
        (_EXISTING, totals.existing),
    ):
        if sum(counts.values()):
            screen.write(screen.text(said.filled(what=counted(screen, counts))))
    for one in totals.problems[:_SHOWN_PROBLEMS]:
        where = f"{one['field']}: " if one.get("field") else ""
        what = "".join(f" {one[name]}" for name in ("object", "id") if one.get(name))
        screen.note(
            _PROBLEM.filled(line=one["line"], what=what, reason=f"{where}{one.get('reason')}")
        )
    if totals.refused > _SHOWN_PROBLEMS:
        screen.note(_MORE.filled(count=f"{totals.refused - _SHOWN_PROBLEMS:,}"))
    if totals.refused:
        screen.write(screen.text(_REFUSED.filled(count=f"{totals.refused:,}")))
    elif not totals.created and not totals.updated and not totals.existing:
        screen.write(screen.text(_NOTHING))


def counted(screen: Screen, counts: Mapping[str, int]) -> str:
    """Return the numbers by kind, in one line."""
    names = {kind: screen.text(said) for kind, said in _KINDS.items()}
    found = (
        (names.get(kind, kind), counts[kind]) for kind in [*_KINDS, *counts] if counts.get(kind)
    )
    return ", ".join(f"{name} {count:,}" for name, count in dict(found).items())


_CREATED = Said("Imported: {what}", "가져왔습니다: {what}")
_WOULD_CREATE = Said("Would be imported: {what}", "가져올 수 있습니다: {what}")
_UPDATED = Said("Updated: {what}", "갱신했습니다: {what}")
_EXISTING = Said("Already there: {what}", "이미 있습니다: {what}")
_REFUSED = Said("Refused: {count}", "거절했습니다: {count}개")
_NOTHING = Said("There was nothing to import.", "가져올 것이 없습니다.")
_PROBLEM = Said("Line {line}{what}: {reason}", "{line}행{what}: {reason}")
_MORE = Said(
    "… and {count} more; --json lists up to 1,000.",
    "… 외 {count}개. --json을 붙이면 1,000개까지 볼 수 있습니다.",
)
