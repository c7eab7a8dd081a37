#!/usr/bin/env python3
"""Write the parts of the documentation that are generated from the code.

    python scripts/docs.py          write them
    python scripts/docs.py --check  change nothing; name what differs, and end with status 1

Generated as a whole: `.env.example` and `postman_collection.json`. Generated between the markers
`<!-- NAME:begin -->` and `<!-- NAME:end -->`: the settings, the settings that can be reloaded and
the metrics, in `docs/` and `docs/ko/`. What the code can't say is read from
`docs/settings.ko.toml`, `docs/metrics.ko.toml` and `docs/postman.yaml`.
"""

import argparse
import difflib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Run as a program, Python looks for modules in the folder of this file only.
sys.path.insert(0, str(ROOT))

from scripts.docs_metrics import metrics_table
from scripts.docs_postman import postman_collection
from scripts.docs_settings import env_example, reloaded_list, settings_tables
from scripts.docs_sources import DocsError, Language

_DIFF_LINES = 20


def main(arguments: list[str] | None = None) -> int:
    """Write or compare; return the exit status."""
    parser = argparse.ArgumentParser(description="Generate documentation from the code.")
    parser.add_argument("--check", action="store_true", help="compare only, and change nothing")
    options = parser.parse_args(arguments)
    try:
        stale = {path: text for path, text in generated().items() if read(path) != text}
    except DocsError as error:
        print(error, file=sys.stderr)
        return 1
    for path, text in stale.items():
        if options.check:
            print(f"{path}: differs from the code; run scripts/docs.py\n{_diff(path, text)}")
        else:
            (ROOT / path).write_text(text, "utf-8")
            print(f"wrote {path}")
    return 1 if options.check and stale else 0


def generated() -> dict[str, str]:
    """Return what each file should contain, by its path in the project.

    Raises `DocsError` if a source lacks something or names what doesn't exist.
    """
    files = {
        ".env.example": env_example(),
        "postman_collection.json": postman_collection(ROOT / "docs" / "postman.yaml"),
    }
    return files | _pages("docs", "en") | _pages("docs/ko", "ko")


def read(path: str) -> str:
    """Return the text of a file in the project; empty if there is none."""
    file = ROOT / path
    return file.read_text("utf-8") if file.is_file() else ""


def _pages(folder: str, language: Language) -> dict[str, str]:
    settings, metrics = f"{folder}/settings.md", f"{folder}/metrics.md"
    korean = ROOT / "docs"
    page = _replaced(
        settings,
        read(settings),
        "settings",
        settings_tables(language, korean / "settings.ko.toml"),
    )
    return {
        settings: _replaced(settings, page, "reloaded", reloaded_list()),
        metrics: _replaced(
            metrics, read(metrics), "metrics", metrics_table(language, korean / "metrics.ko.toml")
        ),
    }


def _replaced(path: str, page: str, name: str, content: str) -> str:
    """Return the page with new content between the markers of this name."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        raise DocsError(f"{path}: needs {begin} and {end}, once each")
    return pattern.sub(lambda _: f"{begin}\n\n{content.strip()}\n\n{end}", page)


def _diff(path: str, wanted: str) -> str:
    lines = difflib.unified_diff(
        read(path).splitlines(), wanted.splitlines(), "is", "should be", lineterm="", n=1
    )
    return "\n".join([*lines][:_DIFF_LINES])


if __name__ == "__main__":
    sys.exit(main())
