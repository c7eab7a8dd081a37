"""What the model reads about the tool."""

from collections.abc import Sequence

from app.engine.tools.code_interpreter.paths import sandbox_path
from app.engine.tools.code_interpreter.workspace import Taken

# A longer list of files is cut.
_LISTED = 50
# Of the files that were not stored: their number and their names are up to the code.
_SKIPPED, _SKIPPED_NAME = 20, 100

_DESCRIPTION = (
    "Run Python code, as in a notebook. Variables last from call to call. Returns what the code "
    "prints, and the value of its last expression. Figures and images that it shows are shown to "
    "the user. Files are in /mnt/data, and there is no network. numpy, pandas, matplotlib, scipy, "
    "sympy, openpyxl and Pillow are installed. To give the user a file, save it in /mnt/data and "
    "link to it in your answer, for example [table.csv](sandbox:/mnt/data/table.csv)."
)
NO_CODE = 'Error: there is no code. Call this function with {"code": "…"}.'
LOST = (
    "This is a new Python session: the variables and imports of earlier code are gone. Files in "
    "/mnt/data are still there."
)


def description(files: Sequence[str]) -> str:
    if not files:
        return _DESCRIPTION
    more = len(files) - _LISTED
    listed = ", ".join(files[:_LISTED]) + (f" and {more} more" if more > 0 else "")
    return f"{_DESCRIPTION} Files that are there: {listed}."


def about_files(taken: Taken) -> list[str]:
    """Return which files a call has made, with the paths to link to."""
    lines = []
    if taken.files:
        lines.append("Files written. To give one to the user, link to its path exactly as it is:")
        lines += [sandbox_path(file.filename) for file in taken.files]
    if taken.skipped:
        lines.append(
            "The user can't get these files, because they are too many or too large: "
            + _first(taken.skipped)
        )
    return lines


def _first(names: Sequence[str]) -> str:
    shown = [name if len(name) <= _SKIPPED_NAME else f"{name[:_SKIPPED_NAME]}…" for name in names]
    more = len(names) - _SKIPPED
    return ", ".join(shown[:_SKIPPED]) + (f" and {more:,} more" if more > 0 else "")
