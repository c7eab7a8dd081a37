"""`.env.example` and the tables of settings, from `app/core/config.py`."""

import ast
import json
from functools import cache
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.core import config
from app.core.config import Settings
from app.reloading import RELOADED
from scripts.docs_sources import DocsError, Language, translations

_ENV_HEAD = "# Copy this file to .env and change what you need. Each line shows the default.\n"
_HEADS = {"en": "| Setting | Default | Meaning |", "ko": "| 설정 | 기본값 | 뜻 |"}
_EMPTY = {"en": "empty", "ko": "비어 있음"}


class Group(NamedTuple):
    """Settings that belong together: those from one setting up to the next group's first."""

    en: str
    ko: str
    note: str = ""


# By each group's first setting, in the order of the class.
GROUPS = {
    "openai_api_key": Group("The model", "모델"),
    "assistant_id": Group("Assistants", "어시스턴트"),
    "host": Group("The server", "서버"),
    "api_keys": Group("Access and limits", "접근 권한과 한도"),
    "database_url": Group("The database", "데이터베이스"),
    "files_url": Group(
        "Files",
        "파일",
        "## An s3:// store also needs AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and,\n"
        "## unless it is Amazon's, AWS_ENDPOINT_URL: in the environment, not in this file.\n",
    ),
    "code_interpreter": Group("The code interpreter", "코드 인터프리터"),
    "log_level": Group("The log", "로그"),
    "run_expires_seconds": Group("Runs and streams", "run과 스트림"),
}


def env_example() -> str:
    """Return a file with every setting at its default, below its description."""
    return _ENV_HEAD + "".join(
        f"\n## {group.en}\n{group.note}\n" + "".join(map(_env_lines, names))
        for group, names in _groups()
    )


def settings_tables(language: Language, korean: Path) -> str:
    """Return a heading and a table for each group of settings."""
    texts = translations(korean, Settings.model_fields)
    if language == "en":
        texts = _descriptions()
    return "\n\n".join(
        "\n".join(
            [
                f"### {group.ko if language == 'ko' else group.en}",
                "",
                _HEADS[language],
                "|---|---|---|",
                *(_row(name, texts[name], _EMPTY[language]) for name in names),
            ]
        )
        for group, names in _groups()
    )


def reloaded_list() -> str:
    """Return the settings that a reload applies, in code marks."""
    names = [name for name in Settings.model_fields if name in RELOADED]
    return ", ".join(f"`{name.upper()}`" for name in names)


def _groups() -> list[tuple[Group, list[str]]]:
    if gone := GROUPS.keys() - Settings.model_fields.keys():
        raise DocsError(f"scripts/docs_settings.py: groups of settings that are gone: {gone}")
    groups: list[tuple[Group, list[str]]] = []
    described = _descriptions()
    for name in Settings.model_fields:
        if name not in described:
            raise DocsError(f"app/core/config.py: {name} needs a docstring")
        if name in GROUPS:
            groups.append((GROUPS[name], []))
        groups[-1][1].append(name)
    return groups


@cache
def _descriptions() -> dict[str, str]:
    """Return the docstrings below the settings, by name.

    Pydantic could read them into the fields, but would do so at each start of the server.
    """
    tree = ast.parse(Path(config.__file__).read_text("utf-8"))
    [settings] = (
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings"
    )
    return {
        field.target.id: cleandoc(text.value.value)
        for field, text in pairwise(settings.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _env_lines(name: str) -> str:
    return f"# {_descriptions()[name]}\n{name.upper()}={_shown(Settings.model_fields[name])}\n"


def _row(name: str, text: str, empty: str) -> str:
    shown = _shown(Settings.model_fields[name])
    return f"| `{name.upper()}` | {f'`{shown}`' if shown else empty} | {text} |"


def _shown(field: FieldInfo) -> str:
    """Return the default as `.env` has it."""
    default = field.default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    return default if isinstance(default, str) else json.dumps(default)
