"""What a call's code has shown so far: for its step, for readers, and for the model."""

from typing import Any

from app.domain.text import append, storable
from app.engine.tools.tool import Emit
from app.schemas.code_interpreter import CODE_INTERPRETER


def call_detail(**values: Any) -> dict[str, Any]:
    """Return what a delta or the step has under the tool's name: `input` and `outputs`."""
    return {CODE_INTERPRETER: values}


class Outputs:
    """Collects the outputs of a call, and sends each as it comes.

    Text that follows text extends the same output.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.shown: list[dict[str, Any]] = []

    async def add_text(self, text: str) -> None:
        text = storable(text)
        if not text:
            return
        if not self.shown or self.shown[-1]["type"] != "logs":
            self.shown.append({"type": "logs", "logs": ""})
        append(self.shown[-1], "logs", text)
        await self._send({"type": "logs", "logs": text})

    async def add_line(self, text: str) -> None:
        """Add text on a line of its own."""
        before = self.shown[-1].get("logs", "") if self.shown else ""
        await self.add_text(f"\n{text}\n" if before and before[-1] != "\n" else f"{text}\n")

    async def add_picture(self, file_id: str) -> None:
        output = {"type": "image", "image": {"file_id": file_id}}
        self.shown.append(output)
        await self._send(output)

    async def _send(self, output: dict[str, Any]) -> None:
        index = len(self.shown) - 1
        await self._emit(call_detail(outputs=[{"index": index, **output}]))

    @property
    def for_model(self) -> str:
        """The outputs as text: pictures are only mentioned, because not every model can see."""
        return "\n".join(_for_model(output) for output in self.shown) or "(no output)"


def _for_model(output: dict[str, Any]) -> str:
    if output["type"] == "logs":
        logs: str = output["logs"]
        return logs.removesuffix("\n")
    return "[A picture was shown. The user sees it at the start of your next message.]"


def pictures_in(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the pictures among the outputs as parts of a message."""
    return [
        {"type": "image_file", "image_file": output["image"]}
        for output in outputs
        if output["type"] == "image"
    ]
