"""A tool as a developer would add it: streamed input, streamed output, an image, a file, a path.

It takes the place of the protocol's code interpreter, and runs nothing: its "code" is a list of
words, and `draw` among them draws.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.db.rows import RunRow
from app.engine.tools.arguments import StreamedText
from app.engine.tools.marks import Mark
from app.engine.tools.tool import Answer, Call, Draft, Emit, Image, Part, Text, ToolSession
from app.storage.file_writer import FileWriter
from app.tools import ToolResources
from tests.support.pictures import PIXEL

TYPE = "code_interpreter"
_PATH = re.compile(r"sandbox:/mnt/data/[\w.-]*\w")
# The end of a text in which a path may still continue, or begin.
_UNFINISHED = re.compile(
    r"(sandbox:/mnt/data/[\w.-]*|s|sa|san|sand|sandb|sandbo|sandbox[:/mntda]*)$"
)


class Toy:
    """A `Tool`; `opened` and `closed` list the runs whose sessions were opened and closed."""

    type = TYPE

    def __init__(self, resources: ToolResources) -> None:
        self._writer = resources.writer
        self.opened: list[str] = []
        self.closed: list[str] = []

    def begin(
        self, run: RunRow, _listed: Sequence[dict[str, Any]], calls: Sequence[dict[str, Any]]
    ) -> ToolSession:
        return _Session(self, self._writer, run, calls)


class _Draft:
    def __init__(self) -> None:
        self._text = StreamedText()
        self._call: dict[str, Any] = {"input": "", "outputs": []}
        self.detail: dict[str, Any] = {"type": TYPE, TYPE: self._call}

    def add(self, piece: str) -> dict[str, Any] | None:
        text = self._text.feed(piece)
        self._call["input"] += text
        return {TYPE: {"input": text}} if text else None


class _Paths:
    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    def unfinished(self, text: str) -> int:
        found = _UNFINISHED.search(text)
        return found.start() if found else len(text)

    def found(self, text: str) -> Iterator[Mark]:
        for found in _PATH.finditer(text):
            if file_id := self.files.get(found[0]):
                annotation = {"type": "file_path", "file_path": {"file_id": file_id}}
                yield Mark(found.start(), found.end(), annotation)


class _Session(ToolSession):
    def __init__(
        self, toy: Toy, writer: FileWriter, run: RunRow, calls: Sequence[dict[str, Any]]
    ) -> None:
        self._toy = toy
        self._writer = writer
        self._run = run
        self._paths = _Paths()
        for call in calls:
            self._remember(call[TYPE]["outputs"])

    def offers(self) -> list[dict[str, Any]]:
        parameters = {"type": "object", "properties": {"code": {"type": "string"}}}
        return [{"type": "function", "name": TYPE, "parameters": parameters, "strict": False}]

    def draft(self, _: str) -> Draft:
        return _Draft()

    async def open(self) -> None:
        self._toy.opened.append(self._run.id)

    async def close(self) -> None:
        self._toy.closed.append(self._run.id)

    async def answer(self, call: Call, emit: Emit) -> Answer:
        outputs: list[dict[str, Any]] = []
        parts: list[Part] = []
        for word in json.loads(call.arguments)["code"].split():
            output: dict[str, Any] = {"type": "logs", "logs": word}
            if word == "draw":
                file_id = await self._draw()
                output = {"type": "image", "image": {"file_id": file_id}}
                parts.append(Image(file_id))
            await emit({TYPE: {"outputs": [{"index": len(outputs), **output}]}})
            outputs.append(output)
        self._remember(outputs)
        return Answer([Text("done"), *parts], {TYPE: {"outputs": outputs}})

    def marks(self) -> _Paths:
        return self._paths

    def message_parts(self, detail: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            {"type": "image_file", "image_file": output["image"]}
            for output in detail[TYPE]["outputs"]
            if output["type"] == "image"
        ]

    async def _draw(self) -> str:
        file = await self._writer.write_for_thread(
            self._run.thread_id, "drawing.png", PIXEL, purpose="assistants_output"
        )
        assert file is not None
        return file.id

    def _remember(self, outputs: Sequence[dict[str, Any]]) -> None:
        for output in outputs:
            if output["type"] == "image":
                self._paths.files["sandbox:/mnt/data/drawing.png"] = output["image"]["file_id"]
