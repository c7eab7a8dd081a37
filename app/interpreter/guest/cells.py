"""Runs pieces of code one after the other in one namespace, as a notebook does."""

import ast
import linecache
import re
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any, Literal

Outcome = Literal["ok", "error", "interrupted"]

# Characters of a traceback that the model is sent, from its end.
_TRACEBACK = 4_000
_FRAMES = 8
# Commands of notebooks, which are not Python.
_COMMAND = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)


class Cells:
    """The namespace, and the running of code in it."""

    def __init__(self, show: Callable[[Any], bool], data: str) -> None:
        """`show`: shows figures and images, returns False for any other value. `data`: the folder
        that code knows as its own, whose modules appear in tracebacks."""
        self._show = show
        self._data = data
        self._count = 0
        self._module = types.ModuleType("__main__")
        # Classes made by code can be pickled.
        sys.modules["__main__"] = self._module
        self._names = vars(self._module)
        self._names["__builtins__"] = __builtins__
        self._names["display"] = self.display

    def display(self, *values: Any, **_named: Any) -> None:
        """Show each value: figures and images as such, anything else as text."""
        for value in values:
            if not self._show(value):
                print(value if isinstance(value, str) else repr(value))

    def run(self, code: str) -> tuple[Outcome, str]:
        """Run the code; return how it ended, and the traceback if it failed."""
        self._count += 1
        name = f"<cell {self._count}>"
        try:
            self._execute(_python(code), name)
        except SystemExit as exit_:
            return _ended(exit_)
        except KeyboardInterrupt as interruption:
            return "interrupted", self._traceback(interruption)
        except BaseException as error:  # noqa: BLE001 - whatever the code raises is reported to the model
            return "error", self._traceback(error)
        return "ok", ""

    def _execute(self, code: str, name: str) -> None:
        # For tracebacks.
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        tree = ast.parse(code, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), self._names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), name, "eval"), self._names)
            if value is not None:
                self._names["_"] = value
                # A semicolon at the end hides the value, as in notebooks.
                if not code.rstrip().endswith(";"):
                    self.display_value(value)

    def display_value(self, value: Any) -> None:
        """Show the value of a last expression; a string as it is written in code."""
        if not self._show(value):
            print(repr(value))

    def _traceback(self, error: BaseException) -> str:
        summary = traceback.TracebackException.from_exception(error, compact=True)
        own = [frame for frame in summary.stack if self._is_code(frame.filename)]
        summary.stack = traceback.StackSummary.from_list(own[-_FRAMES:])
        # Those are the libraries' affair.
        summary.__cause__ = summary.__context__ = None
        text = "".join(summary.format())
        return text if len(text) <= _TRACEBACK else f"…{text[-_TRACEBACK:]}"

    def _is_code(self, filename: str) -> bool:
        return filename.startswith("<cell ") or filename.startswith(self._data)


def _ended(exit_: SystemExit) -> tuple[Outcome, str]:
    if exit_.code in (None, 0):
        return "ok", ""
    return "error", f"SystemExit: {str(exit_.code)[:_TRACEBACK]}\n"


def _python(code: str) -> str:
    """Return the code without a notebook's commands, if it has any."""
    if not _COMMAND.search(code):
        return code
    try:
        ast.parse(code)
    except SyntaxError:
        without, count = _COMMAND.subn("pass", code)
        print(f"[{count} notebook commands (% or !) were ignored: no programs can be run here.]")
        return without
    return code
