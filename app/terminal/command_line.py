"""`python -m app`, or `threadkeeper` once installed: all commands, and their exit statuses."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from app import __version__
from app.terminal import assistants, chat, files, keys, person, serve, threads, usage
from app.terminal.backup import command as backup
from app.terminal.command import Group, LanguageOption, speak
from app.terminal.doctor import command as doctor
from app.terminal.failures import Failure
from app.terminal.language import Language, Said, both, chosen_language
from app.terminal.moving import command as moving
from app.terminal.rescue import command as rescue
from app.terminal.screen import Screen, use_safe_output
from app.terminal.wrong_usage import usage_said

_NAME = "python -m app"
# Of the command that `pip install` makes (scripts/installed_command.py).
_INSTALLED_NAME = "threadkeeper"


class _CommandLine(Group):
    def main(self, args: Sequence[str] | None = None, *_: Any, **options: Any) -> Any:
        """Run a command and exit the process with its status."""
        arguments = [*(sys.argv[1:] if args is None else args)]
        language = chosen_language(arguments, os.environ)
        use_safe_output()
        speak(self, language)
        name = _INSTALLED_NAME if Path(sys.argv[0]).stem == _INSTALLED_NAME else _NAME
        options |= {"prog_name": name, "standalone_mode": False}
        sys.exit(_status(lambda: super(_CommandLine, self).main(arguments, **options), language))


def _status(run: Any, language: Language) -> int:
    """Run, and return the exit status; expected errors are printed in one line."""
    screen = Screen(language)
    try:
        # Typer returns a status if the command asked to exit, such as 130 after Ctrl+C.
        return run() or 0
    except Failure as failure:
        screen.fail(failure)
        return failure.status
    except typer.TyperException as error:
        # Without arguments, Typer has shown the help, and there is no message.
        if message := error.format_message():
            screen.fail(Failure(usage_said(message)))
            screen.note(_SEE_HELP)
        return error.exit_code
    except typer.Abort:
        return 1


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"Threadkeeper {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=_CommandLine,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=both(
        "Chat with a Threadkeeper server, and manage it.",
        "Threadkeeper 서버와 대화하고 서버를 관리합니다.",
    ),
)


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            show_default=False,
            help=both("Show the version and exit.", "버전을 보여 주고 끝냅니다."),
        ),
    ] = False,
    language: LanguageOption = None,
) -> None: ...


chat.register(app)
assistants.register(app)
threads.register(app)
files.register(app)
person.register(app)
usage.register(app)
keys.register(app)
doctor.register(app)
backup.register(app)
moving.register(app)
rescue.register(app)
serve.register(app)

_SEE_HELP = Said("Add --help to see the usage.", "--help를 붙이면 사용법을 볼 수 있습니다.")
