"""`projects` and `keys`: what is managed while the server runs, with `ADMIN_KEY` as the key."""

from typing import Annotated, Any, Literal

import typer

from app.terminal.client import Object, path_of
from app.terminal.command import Group, Terminal, server_command
from app.terminal.failures import Failure
from app.terminal.language import Said, both
from app.terminal.options import CREATED, MORE, NAME, LimitOption
from app.terminal.screen import moment

_ProjectArgument = Annotated[
    str, typer.Argument(metavar="PROJECT", help=both("The project's name.", "프로젝트 이름."))
]
_KeyArgument = Annotated[str, typer.Argument(metavar="ID", help=both("The key's ID.", "키의 ID."))]
_BudgetOption = Annotated[
    int | None,
    typer.Option("--budget", min=1, help=both("Tokens a day.", "하루 토큰 예산.")),
]

_STATUS = Said("Status", "상태")
_BUDGET = Said("Tokens a day", "하루 토큰")
_WORDS = {
    "active": Said("active", "사용 중"),
    "archived": Said("archived", "보관됨"),
    "revoked": Said("revoked", "폐기됨"),
}


def register(app: typer.Typer) -> None:
    projects = typer.Typer(cls=Group, no_args_is_help=True)
    said = both("Manage projects, with ADMIN_KEY.", "ADMIN_KEY로 프로젝트를 관리합니다.")
    app.add_typer(projects, name="projects", help=said)
    said = both("List the projects.", "프로젝트 목록을 봅니다.")
    server_command(projects, "list", said)(_list_projects)
    said = both("Create a project.", "프로젝트를 만듭니다.")
    server_command(projects, "create", said)(_create_project)
    said = both(
        "Refuse a project's keys, and keep its data.",
        "프로젝트의 키를 거절합니다. 데이터는 남습니다.",
    )
    server_command(projects, "archive", said)(_archive_project)
    keys = typer.Typer(cls=Group, no_args_is_help=True)
    said = both("Manage projects' keys, with ADMIN_KEY.", "ADMIN_KEY로 키를 관리합니다.")
    app.add_typer(keys, name="keys", help=said)
    said = both("List a project's keys.", "프로젝트의 키 목록을 봅니다.")
    server_command(keys, "list", said)(_list_keys)
    server_command(keys, "create", both("Make a key.", "키를 만듭니다."))(_create_key)
    server_command(keys, "revoke", both("Revoke a key.", "키를 폐기합니다."))(_revoke_key)


def _list_projects(terminal: Terminal) -> None:
    found = terminal.client.get("/admin/projects").get("data", [])
    if terminal.as_json:
        terminal.show_json(found)
        return
    terminal.show_table(
        [NAME, _STATUS, Said("Keys", "키"), Said("In .env", ".env의 키"), _BUDGET, CREATED],
        (
            (
                one.get("name"),
                _word(terminal, str(one.get("status"))),
                one.get("keys"),
                one.get("configured_keys"),
                one.get("token_budget"),
                moment(one.get("created_at")),
            )
            for one in found
        ),
    )


def _create_project(
    terminal: Terminal, name: _ProjectArgument, budget: _BudgetOption = None
) -> None:
    made = terminal.client.post("/admin/projects", {"name": name, "token_budget": budget})
    _done(terminal, made, _MADE_PROJECT.filled(name=name))


def _archive_project(terminal: Terminal, name: _ProjectArgument) -> None:
    archived = terminal.client.delete(path_of("admin", "projects", name))
    _done(terminal, archived, _ARCHIVED.filled(name=name))


def _list_keys(terminal: Terminal, project: _ProjectArgument, limit: LimitOption = 20) -> None:
    found = terminal.client.list(path_of("admin", "projects", project, "keys"), limit)
    if terminal.as_json:
        terminal.show_json(found.items)
        return
    columns = [
        *(Said("ID", "ID"), NAME, Said("Key", "키"), Said("Scope", "범위")),
        *(_BUDGET, Said("Last used", "마지막 사용"), _STATUS),
    ]
    terminal.show_table(columns, (_key_row(terminal, one) for one in found.items))
    if found.has_more:
        terminal.note(MORE.filled(limit=limit * 5))


def _key_row(terminal: Terminal, key: Object) -> list[Any]:
    names = ("id", "name", "redacted_value", "scope", "token_budget")
    used = moment(key.get("last_used_at"))
    status = "revoked" if key.get("revoked_at") else "active"
    return [*(key.get(name) for name in names), used, _word(terminal, status)]


def _create_key(
    terminal: Terminal,
    project: _ProjectArgument,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help=both("What it is for.", "키의 용도.")),
    ] = "",
    scope: Annotated[
        Literal["all", "read", "chat"] | None,
        typer.Option(
            "--scope",
            show_default=False,
            help=both("What it may do; default: all.", "허용할 범위. 기본값은 all입니다."),
        ),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            "--origin",
            help=both(
                "The only page that may use it; can be repeated.",
                "이 키를 쓸 수 있는 페이지의 오리진. 여러 번 쓸 수 있습니다.",
            ),
        ),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            "--rate", help=both("Requests, such as 60/minute.", "요청 한도. 예: 60/minute")
        ),
    ] = None,
    budget: _BudgetOption = None,
    replaces: Annotated[
        str | None,
        typer.Option(
            "--replaces",
            metavar="ID",
            help=both(
                "The key that it will replace, with the same limits.",
                "교체할 키의 ID. 같은 제한을 물려받습니다.",
            ),
        ),
    ] = None,
) -> None:
    if not (name or replaces):
        raise Failure(_NAME_NEEDED)
    given = {
        "name": name or None,
        "scope": scope,
        "origins": origin or None,
        "rate": rate,
        "token_budget": budget,
        "replaces": replaces,
    }
    made = terminal.client.post(path_of("admin", "projects", project, "keys"), given)
    if terminal.as_json:
        terminal.show_json(made)
        return
    # The key alone is on standard output, so that a script can take it from there.
    terminal.note(_MADE_KEY.filled(id=made.get("id")))
    terminal.write(str(made.get("value")))


def _revoke_key(terminal: Terminal, revoked_key: _KeyArgument) -> None:
    revoked = terminal.client.post(path_of("admin", "keys", revoked_key), {"revoked": True})
    _done(terminal, revoked, _REVOKED.filled(name=revoked.get("name"), id=revoked_key))


def _done(terminal: Terminal, answer: Object, said: Said) -> None:
    if terminal.as_json:
        terminal.show_json(answer)
    else:
        terminal.write(terminal.text(said))


def _word(terminal: Terminal, word: str) -> str:
    return terminal.text(_WORDS[word]) if word in _WORDS else word


_MADE_PROJECT = Said("Created project {name}.", "{name} 프로젝트를 만들었습니다.")
_ARCHIVED = Said(
    "Archived project {name}: its keys are refused, its data is kept.",
    "{name} 프로젝트를 보관했습니다. 키는 거절되고 데이터는 남습니다.",
)
_MADE_KEY = Said(
    "Made key {id}. Keep it now: it is not shown again.",
    "{id} 키를 만들었습니다. 다시 볼 수 없으니 지금 보관해 주세요.",
)
_REVOKED = Said(
    "Revoked key {name} ({id}). All servers refuse it within two seconds.",
    "{name} 키({id})를 폐기했습니다. 2초 안에 모든 서버가 거절합니다.",
)
_NAME_NEEDED = Said(
    "State what the key is for, or which one it replaces: keys create PROJECT NAME",
    "키의 용도나 교체할 키를 적어 주세요: keys create PROJECT NAME",
)
