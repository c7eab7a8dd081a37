"""What the model reads about files of its code."""

from app.engine.tools.code_interpreter.texts import about_files
from app.engine.tools.code_interpreter.workspace import Taken


def test_files_that_were_not_stored_are_named_briefly_however_many_and_long():
    [line] = about_files(Taken(skipped=["a.csv", *["가" * 5_000] * 9_999]))
    assert ": a.csv, 가" in line and line.endswith("… and 9,980 more")
    assert len(line) < 3_000
