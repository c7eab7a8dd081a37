"""Turns functions into commands with bilingual help and shared options."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal

import typer
from typer import rich_utils
from typer.core import TyperCommand, TyperGroup

from app.terminal.address import own_address
from app.terminal.client import DEFAULT_ADDRESS, Client
from app.terminal.language import Language, Said, both, one_of
from app.terminal.screen import Screen

_HELP = both("Show this help and exit.", "이 도움말을 보여 주고 끝냅니다.")
_PANELS = {
    "option": Said("Options", "옵션"),
    "argument": Said("Arguments", "인자"),
}
_COMMANDS = Said("Commands", "명령")
_USAGE = Said("Usage:", "사용법:")
_REQUIRED = Said("[required]", "[필수]")

LanguageOption = Annotated[
    Literal["ko", "en"] | None,
    typer.Option(
        "--language",
        help=both("Language; default: the system's.", "언어. 기본값은 시스템 언어입니다."),
    ),
]


class Terminal(Screen):
    """What a command uses: the screen, and a client of the server."""

    def __init__(self, language: Language, *, as_json: bool, client: Client) -> None:
        super().__init__(language, as_json=as_json)
        self.client = client


def _server_options(
    url: Annotated[
        str,
        typer.Option(
            "--url",
            envvar="THREADKEEPER_URL",
            show_envvar=False,
            show_default=False,
            help=both(
                "Address of the API (THREADKEEPER_URL); default: from HOST and PORT in .env, else "
                + DEFAULT_ADDRESS,
                "API 주소(THREADKEEPER_URL). 기본값은 .env의 HOST와 PORT를 따르고, 없으면 "
                + DEFAULT_ADDRESS,
            ),
        ),
    ] = "",
    key: Annotated[
        str,
        typer.Option(
            "--key",
            envvar="THREADKEEPER_API_KEY",
            show_envvar=False,
            show_default=False,
            help=both(
                "API key; THREADKEEPER_API_KEY is safer.",
                "API 키. THREADKEEPER_API_KEY에 두는 편이 안전합니다.",
            ),
        ),
    ] = "",
) -> Client:
    return Client(url or own_address(), key)


def _screen_options(
    language: LanguageOption = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            show_default=False,
            help=both("Print JSON, for programs.", "프로그램이 읽을 수 있게 JSON으로 출력합니다."),
        ),
    ] = False,
) -> None:
    """Only its signature is used."""


_SERVER = [*inspect.signature(_server_options).parameters.values()]
_SCREEN = [*inspect.signature(_screen_options).parameters.values()]

Body = Callable[..., None]


def server_command(
    group: typer.Typer, name: str, help: str, *, has_json: bool = True
) -> Callable[[Body], Body]:
    """Register a function of a `Terminal` and its own options as a command of `group`."""

    def register(body: Body) -> Body:
        def called(context: typer.Context, **given: Any) -> None:
            language = _language(context)
            as_json = bool(given.pop("as_json", False))
            del given["language"]
            client = _server_options(given.pop("url"), given.pop("key"))
            try:
                body(Terminal(language, as_json=as_json, client=client), **given)
            finally:
                client.close()

        _register(group, name, help, called, body, [*_SERVER, *_screen(has_json)])
        return body

    return register


def local_command(
    group: typer.Typer, name: str, help: str, *, has_json: bool = True
) -> Callable[[Body], Body]:
    """Register a function of a `Screen` and its own options, for a command without a server."""

    def register(body: Body) -> Body:
        def called(context: typer.Context, **given: Any) -> None:
            as_json = bool(given.pop("as_json", False))
            del given["language"]
            body(Screen(_language(context), as_json=as_json), **given)

        _register(group, name, help, called, body, _screen(has_json))
        return body

    return register


def _screen(has_json: bool) -> list[inspect.Parameter]:
    return _SCREEN if has_json else _SCREEN[:1]


def _register(
    group: typer.Typer,
    name: str,
    help: str,
    called: Callable[..., None],
    body: Body,
    shared: list[inspect.Parameter],
) -> None:
    """Give `called` the signature that Typer reads: the body's own options and the shared ones."""
    context, *_ = inspect.signature(called).parameters.values()
    _, *own = inspect.signature(body).parameters.values()
    # Typer passes everything except the context by name.
    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in [*own, *shared]
    ]
    signature = inspect.Signature([context, *parameters])
    called.__signature__ = signature  # type: ignore[attr-defined]
    group.command(name, help=help, cls=Command)(called)


def _language(context: typer.Context) -> Language:
    command = context.command
    assert isinstance(command, Command)
    return command.language


class Command(TyperCommand):
    """A command with help in one of the two languages."""

    language: Language = "en"

    def get_usage(self, ctx: Any) -> str:
        return _usage(super().get_usage(ctx), self.language)

    def get_help_option(self, ctx: Any) -> Any:
        return _in_panel(super().get_help_option(ctx), self.language)


class Group(TyperGroup):
    """A group of commands with help in one of the two languages."""

    language: Language = "en"

    def get_usage(self, ctx: Any) -> str:
        return _usage(super().get_usage(ctx), self.language)

    def get_help_option(self, ctx: Any) -> Any:
        return _in_panel(super().get_help_option(ctx), self.language)


def speak(command: Any, language: Language) -> None:
    """Set the language for the help of a command and its subcommands."""
    # A global in Typer: commands can't override it.
    rich_utils.REQUIRED_LONG_STRING = _REQUIRED.in_language(language)
    command.language = language
    command.help = one_of(command.help or "", language)
    command.rich_help_panel = _COMMANDS.in_language(language)
    for parameter in command.params:
        parameter.help = one_of(parameter.help or "", language)
        parameter.rich_help_panel = _PANELS[parameter.param_type_name].in_language(language)
    for below in getattr(command, "commands", {}).values():
        speak(below, language)


def _usage(usage: str, language: Language) -> str:
    return usage.replace(_USAGE.english, _USAGE.in_language(language), 1)


def _in_panel(option: Any, language: Language) -> Any:
    option.help = one_of(_HELP, language)
    option.rich_help_panel = _PANELS["option"].in_language(language)
    return option
