"""Paths of made files in a text that arrives in pieces."""

import unicodedata
from urllib.parse import quote

import pytest

from app.engine.tools.code_interpreter.paths import SandboxPaths
from app.engine.tools.marks import AnnotationReader

NAMES = ["x.csv", "매출 요약.xlsx", "sub/a (2).png", "chart", "보고서", "x.csv.gz"]


@pytest.fixture
def paths():
    found = SandboxPaths()
    for name in NAMES:
        found.add(name, f"id of {name}")
    return found


def read(paths, text: str, size: int) -> list[tuple[str, str]]:
    """Read a text in pieces of a size; return the paths in it and their files."""
    reader = AnnotationReader([paths])
    sent, annotations = "", []
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    for piece, found in [*(reader.feed(piece) for piece in pieces), reader.finish()]:
        sent += piece
        annotations += found
        # A reader never sees a path without its annotation.
        for one in found:
            assert sent[one["start_index"] : one["end_index"]] == one["text"]
    assert sent == text
    return [(one["text"], one["file_path"]["file_id"]) for one in annotations]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[표](sandbox:/mnt/data/x.csv)", [("x.csv", "x.csv")]),
        ("sandbox:/mnt/data/x.csv", [("x.csv", "x.csv")]),
        ("See sandbox:/mnt/data/x.csv.", [("x.csv", "x.csv")]),
        ("See sandbox:/mnt/data/x.csv. And", [("x.csv", "x.csv")]),
        ("sandbox:/mnt/data/x.csv를 보세요.", [("x.csv", "x.csv")]),
        ("sandbox:/mnt/data/보고서를 보세요.", [("보고서", "보고서")]),
        ("sandbox:/mnt/data/x.csv.gz!", [("x.csv.gz", "x.csv.gz")]),
        ("sandbox:/mnt/data/x.csv.bak, sandbox:/mnt/data/chart2 sandbox:/mnt/data/none", []),
        ("/mnt/data/x.csv and sandbox:/mnt/dat/x.csv and sandbox:", []),
        ("[a](sandbox:/mnt/data/매출 요약.xlsx)", [("매출 요약.xlsx", "매출 요약.xlsx")]),
        ("(sandbox:/mnt/data/매출%20요약.xlsx)", [("매출%20요약.xlsx", "매출 요약.xlsx")]),
        (
            f"(sandbox:/mnt/data/{quote('매출 요약.xlsx')})",
            [(quote("매출 요약.xlsx"), "매출 요약.xlsx")],
        ),
        ("![](sandbox:/mnt/data/sub/a (2).png)", [("sub/a (2).png", "sub/a (2).png")]),
        ("![](sandbox:/mnt/data/sub/a%20(2).png)", [("sub/a%20(2).png", "sub/a (2).png")]),
        (
            "sandbox:/mnt/data/chart and 😀 sandbox:/mnt/data/x.csv",
            [("chart", "chart"), ("x.csv", "x.csv")],
        ),
        ("sandbox:sandbox:/mnt/data/x.csv", [("x.csv", "x.csv")]),
    ],
)
def test_known_paths_are_found(paths, text, found, size):
    expected = [(f"sandbox:/mnt/data/{written}", f"id of {name}") for written, name in found]
    assert read(paths, text, size) == expected


def test_a_decomposed_name_is_found_as_models_write_it(paths):
    decomposed = unicodedata.normalize("NFD", "한글.csv")
    paths.add(decomposed, "id")
    for written in ("한글.csv", decomposed, quote("한글.csv")):
        text = f"(sandbox:/mnt/data/{written})"
        assert read(paths, text, 2) == [(f"sandbox:/mnt/data/{written}", "id")]


def test_a_newer_file_replaces_an_older_one(paths):
    paths.add("x.csv", "newer")
    assert read(paths, "sandbox:/mnt/data/x.csv", 4) == [("sandbox:/mnt/data/x.csv", "newer")]


def test_text_without_files_is_not_held_back():
    assert AnnotationReader([SandboxPaths()]).feed("see sandbox:/mnt/da") == (
        *("see sandbox:/mnt/da", []),
    )
