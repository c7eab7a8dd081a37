"""`rescue`: one subcommand for each reader in this package."""

import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import Annotated, Any

import typer

from app.terminal import rescue as package
from app.terminal.command import Group, Terminal, server_command
from app.terminal.language import both
from app.terminal.moving.command import DryRunOption
from app.terminal.rescue.reader import Reader
from app.terminal.rescue.rescuing import Rescue

OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help=both(
            "Write lines for `import` to this file, and send nothing.",
            "서버로 보내지 않고 `import`로 가져올 파일을 씁니다.",
        ),
    ),
]
ProgressOption = Annotated[
    Path | None,
    typer.Option(
        "--progress",
        metavar="FILE",
        help=both(
            "Note here what is done, and skip that if the command is repeated.",
            "끝난 것을 이 파일에 적어 두고, 다시 실행하면 건너뜁니다.",
        ),
    ),
]


def readers() -> list[Reader]:
    """Return the readers of all modules in this package, by name."""
    modules = (
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
    )
    found = (getattr(module, "READER", None) for module in modules)
    return sorted((one for one in found if isinstance(one, Reader)), key=lambda one: one.name)


def register(app: typer.Typer) -> None:
    group = typer.Typer(cls=Group, no_args_is_help=True)
    app.add_typer(
        group,
        name="rescue",
        help=both(
            "Bring conversations, assistants and files from elsewhere into this server.",
            "다른 곳의 대화와 어시스턴트, 파일을 이 서버로 가져옵니다.",
        ),
    )
    for reader in readers():
        server_command(group, reader.name, reader.help)(_body(reader))


def _shared(
    output: OutputOption = None,
    progress: ProgressOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Only its signature is used."""


def _body(reader: Reader) -> Any:
    """Return the subcommand's function, with the parameters of `read` and the shared ones."""

    def body(
        terminal: Terminal,
        *,
        output: Path | None,
        progress: Path | None,
        dry_run: bool,
        **given: Any,
    ) -> None:
        rescue = Rescue(terminal, reader, output=output, progress=progress, dry_run=dry_run)
        if "done" in wanted:
            given["done"] = rescue.done
        rescue.run(reader.read(**given))

    wanted = inspect.signature(reader.read).parameters
    own = [one for one in wanted.values() if one.name != "done"]
    shared = inspect.signature(_shared).parameters.values()
    terminal, *_ = inspect.signature(body).parameters.values()
    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in [*own, *shared]]
    body.__signature__ = inspect.Signature([terminal, *parameters])  # type: ignore[attr-defined]
    return body
