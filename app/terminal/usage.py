"""`usage`: shows the tokens that runs used."""

from datetime import datetime
from typing import Annotated, Any

import typer

from app.terminal.client import Object
from app.terminal.command import Terminal, server_command
from app.terminal.language import Said, both

_DATE = ["%Y-%m-%d"]
_WORDS = ("date", "project", "assistant_id", "model", "answered_by", "answered_model")
_NUMBERS = ("runs", "prompt_tokens", "completion_tokens", "total_tokens")
_TOTAL = Said("Total", "합계")
_COLUMNS = (
    Said("Date", "날짜"),
    Said("Project", "프로젝트"),
    Said("Assistant", "어시스턴트"),
    Said("Model", "모델"),
    Said("Answered by", "답한 업스트림"),
    Said("Its model", "답한 모델"),
    Said("Runs", "실행"),
    Said("Prompt", "입력 토큰"),
    Said("Completion", "출력 토큰"),
    _TOTAL,
    Said("Cost", "비용"),
)


def register(app: typer.Typer) -> None:
    server_command(
        app,
        "usage",
        both("Show how many tokens runs used.", "실행에 쓴 토큰을 봅니다."),
    )(_usage)


def _usage(
    terminal: Terminal,
    start: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=_DATE,
            metavar="DATE",
            help=both("The first day, e.g. 2026-11-01.", "첫날. 예: 2026-11-01"),
        ),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option(
            "--to",
            formats=_DATE,
            metavar="DATE",
            help=both("The last day.", "마지막 날."),
        ),
    ] = None,
) -> None:
    days = {"start_date": start, "end_date": end}
    query = {name: day.date().isoformat() for name, day in days.items() if day is not None}
    answer = terminal.client.get("/usage", query)
    if terminal.as_json:
        terminal.show_json(answer)
        return
    total = answer.get("total") or {}
    terminal.show_table(
        _COLUMNS,
        [_row(one) for one in answer.get("data", [])],
        footer=[
            terminal.text(_TOTAL),
            *[""] * (len(_WORDS) - 1),
            *(_number(total.get(name, 0)) for name in _NUMBERS),
            ", ".join(shown_cost(cost, currency) for currency, cost in _costs(total)),
        ],
    )


def _row(one: Object) -> list[Any]:
    cost, currency = one.get("cost"), one.get("currency")
    return [
        *(one.get(name) for name in _WORDS),
        *(_number(one.get(name, 0)) for name in _NUMBERS),
        None if cost is None else shown_cost(cost, currency),
    ]


def _costs(total: Object) -> list[tuple[str, Any]]:
    # A server of an earlier version reports none.
    return sorted((total.get("costs") or {}).items())


def shown_cost(cost: Any, currency: Any) -> str:
    # A small cost must not look like none.
    amount = "< 0.0001" if 0 < cost < 0.0001 else f"{cost:,.4f}"
    return f"{amount} {currency}"


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
