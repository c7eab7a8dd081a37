"""Korean sentences as a person writes them: no particle in two forms, none after a blank."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACES = ("app", "docs", "deploy", "examples", "functions", "knowledge", "scripts")
KINDS = {".css", ".html", ".js", ".jsx", ".md", ".py", ".sh", ".yaml"}
# 을(를), (으)로 and their like: a choice that is left to the reader.
IN_TWO_FORMS = re.compile(r"[은는이가을를와과]\([은는이가을를와과]\)|\(으\)로|\(이\)(?:라|나|다)")
# After `{name}` nobody knows which form is right, unless a word in between decides it.
AFTER_A_BLANK = re.compile(
    r"\{\w*\}['\"’”]?(?:은|는|이|가|을|를|와|과|로|으로|라는|이라는|라고|이라고|예요|이에요)(?![가-힣])"
)


def texts() -> Iterator[tuple[Path, str]]:
    for place in PLACES:
        for path in sorted((ROOT / place).rglob("*")):
            if path.suffix in KINDS and not {"vendor", "node_modules"} & {*path.parts}:
                yield path, path.read_text("utf-8")
    for path in (*ROOT.glob("*.md"), *ROOT.glob("*.py"), *ROOT.glob("*.sh")):
        yield path, path.read_text("utf-8")


def test_every_particle_has_one_form_and_the_right_one() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in texts()
        for pattern in (IN_TWO_FORMS, AFTER_A_BLANK)
        for match in pattern.finditer(text)
    ]
    assert found == []
