"""What a built-in tool is: one of the protocol's own, run here as a function of the model's."""

from dataclasses import dataclass
from typing import Any, Protocol

from app.db.runs import StoredRun


@dataclass(frozen=True)
class ToolAnswer:
    """`output` is what the model reads; `details` goes into the call, as a step tells it."""

    output: str
    details: dict[str, Any]


class BuiltInTool(Protocol):
    """A tool that an assistant lists by its type alone, such as `file_search`."""

    type: str

    def function(self) -> dict[str, Any]:
        """Return the function that the model is offered: description and parameters."""

    def opened(self, run: StoredRun) -> dict[str, Any]:
        """Return the details of a call that is not answered yet."""

    async def prepare(self, run: StoredRun) -> None:
        """Return when what the tool works on is ready, or it takes too long."""

    async def call(self, run: StoredRun, arguments: str, number: int) -> ToolAnswer:
        """Answer the run's call number `number`, counted from 0 for each tool.

        Never raises for what the model did wrong: it is told in the output.
        """
