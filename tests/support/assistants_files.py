"""Assistants files, with the folders next to them, for tests."""

from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "assistants.yaml"
ANALYST = "asst_signage_analyst"


def written(folder: Path, text: str, **knowledge: str) -> str:
    """Write the file, and a knowledge text file for each argument; return the path."""
    (folder / "knowledge").mkdir(exist_ok=True)
    for name, content in knowledge.items():
        (folder / "knowledge" / f"{name}.md").write_text(content, "utf-8")
    path = folder / "assistants.yaml"
    path.write_text(dedent(text), "utf-8")
    return str(path)
