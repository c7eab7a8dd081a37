"""`assistants`: lists and shows assistants."""

from typing import Annotated

import typer

from app.schemas.file_search import stores_in
from app.terminal.client import Object, path_of
from app.terminal.command import Group, Terminal, server_command
from app.terminal.language import Said, both
from app.terminal.options import CREATED, MORE, NAME, LimitOption
from app.terminal.screen import moment

AssistantArgument = Annotated[
    str, typer.Argument(metavar="ID", help=both("The assistant's id.", "어시스턴트의 ID."))
]

_MODEL = Said("Model", "모델")
_TOOLS = Said("Tools", "도구")


def register(app: typer.Typer) -> None:
    group = typer.Typer(cls=Group, no_args_is_help=True)
    app.add_typer(
        group, name="assistants", help=both("List and show assistants.", "어시스턴트를 봅니다.")
    )
    server_command(group, "list", both("List the assistants.", "어시스턴트 목록을 봅니다."))(_list)
    server_command(group, "show", both("Show an assistant.", "어시스턴트 하나를 봅니다."))(_show)


def _list(terminal: Terminal, limit: LimitOption = 20) -> None:
    found = terminal.client.list("/assistants", limit)
    if terminal.as_json:
        terminal.show_json(found.items)
        return
    terminal.show_table(
        [Said("ID", "ID"), NAME, _MODEL, _TOOLS, CREATED],
        (
            (one.get("id"), one.get("name"), one.get("model"), _tools(one), _created(one))
            for one in found.items
        ),
    )
    if found.has_more:
        terminal.note(MORE.filled(limit=limit * 5))


def _show(terminal: Terminal, assistant: AssistantArgument) -> None:
    found = terminal.client.get(path_of("assistants", assistant))
    if terminal.as_json:
        terminal.show_json(found)
        return
    stores = _stores(found)
    for label, value in (
        (Said("ID", "ID"), found.get("id")),
        (NAME, found.get("name")),
        (Said("Description", "설명"), found.get("description")),
        (_MODEL, found.get("model")),
        (_TOOLS, _tools(found)),
        (Said("Vector stores", "벡터 스토어"), ", ".join(stores)),
        (CREATED, _created(found)),
    ):
        if value:
            terminal.write(f"{terminal.text(label)}: {value}")
    if instructions := found.get("instructions"):
        terminal.write("")
        terminal.write(str(instructions))


def _stores(assistant: Object) -> list[str]:
    return stores_in(assistant.get("tool_resources") or {})


def _tools(assistant: Object) -> str:
    tools = assistant.get("tools") or []
    return ", ".join(
        str((tool.get("function") or {}).get("name") or tool.get("type")) for tool in tools
    )


def _created(assistant: Object) -> str:
    return moment(assistant.get("created_at"))
