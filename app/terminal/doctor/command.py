"""`doctor`: checks this folder's settings and everything they refer to; needs no running server."""

from collections.abc import Iterable

import typer
from rich.table import Table
from rich.text import Text

from app.terminal.command import local_command
from app.terminal.doctor.findings import Finding, Level
from app.terminal.language import Said, both
from app.terminal.screen import Screen, one_line

_MARKS: dict[Level, tuple[str, str, Said]] = {
    "ok": ("✓", "green", Said("ok", "정상")),
    "warning": ("!", "yellow", Said("warning", "주의")),
    "failure": ("✗", "red", Said("error", "오류")),
}


def register(app: typer.Typer) -> None:
    local_command(
        app,
        "doctor",
        both(
            "Check settings, database, storage and model, and say how to fix problems.",
            "설정, 데이터베이스, 저장소, 모델을 점검하고 문제를 고치는 방법을 알려 줍니다.",
        ),
    )(_doctor)


def _doctor(screen: Screen) -> None:
    # Imported here: the database and model clients take seconds to load, and other commands don't
    # need them.
    from app.terminal.doctor.examination import examine  # noqa: PLC0415

    findings = examine()
    counts = {level: sum(one.level == level for one in findings) for level in _MARKS}
    if screen.as_json:
        screen.show_json(
            {
                "ok": not counts["failure"],
                "counts": counts,
                "checks": [_as_object(screen, one) for one in findings],
            }
        )
    else:
        _show(screen, findings)
        screen.write("")
        screen.write(screen.text(_SUMMARY.filled(**counts)))
    if counts["failure"]:
        raise typer.Exit(1)


def _show(screen: Screen, findings: Iterable[Finding]) -> None:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in findings:
        mark, colour, word = _MARKS[one.level]
        label = screen.text(word)
        said = Text(one_line(screen.text(one.said)))
        if one.advice:
            said.append("\n→ " + one_line(screen.text(one.advice)), "bold")
        table.add_row(Text(mark, colour), Text(label, colour), said)
    screen.out.print(table)


def _as_object(screen: Screen, finding: Finding) -> dict[str, str | None]:
    return {
        "check": finding.check,
        "level": finding.level,
        "message": screen.text(finding.said),
        "advice": screen.text(finding.advice) if finding.advice else None,
    }


_SUMMARY = Said(
    "Checks passed: {ok}, warnings: {warning}, errors: {failure}.",
    "정상 {ok}개, 주의 {warning}개, 오류 {failure}개.",
)
