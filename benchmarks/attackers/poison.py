"""Runs and files that cost the server much: huge requests, files that burn, endless answers."""

import io
import os
import random
import zipfile
from typing import Any

import pptx

from benchmarks.attackers.attacker import Attacker
from benchmarks.soak_upstream import ENDLESS, HUGE, HUGE_EVENT

_PICTURE_BYTES = 4_000_000
_SLIDE_SHAPES = 100_000
_SLIDES = 4_000
_TEXT_BYTES = 8_000_000
_SHAPE = (
    b'<p:sp><p:nvSpPr><p:cNvPr id="2" name="a"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/>'
    b"<p:txBody><a:bodyPr/><a:p/><a:p/><a:p/></p:txBody></p:sp>"
)
_PARAGRAPH = b"<w:p><w:r><w:t>a</w:t></w:r></w:p>"
_W = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"


class PoisonRequests(Attacker):
    """Runs whose request to the model holds as many bytes of pictures as it may, or more."""

    clients = 4

    async def prepare(self) -> None:
        self._large = [await self._picture(_PICTURE_BYTES) for _ in range(10)]
        self._small = [await self._picture(300_000) for _ in range(100)]
        address = "data:image/png;base64," + "A" * 3_500_000
        self._inline = {"type": "image_url", "image_url": {"url": address}}

    async def _picture(self, size: int) -> dict[str, Any]:
        file_id = await self.upload("a.png", os.urandom(size), purpose="vision")
        return {"type": "image_file", "image_file": {"file_id": file_id}}

    async def strike(self, number: int) -> None:
        kinds = (self._large[:8], self._small, [self._inline], self._large)
        message = {"role": "user", "content": kinds[number % len(kinds)]}
        thread = await self.send("/threads", {"messages": [message]})
        if thread:
            await self.run(thread["id"])


class PoisonFiles(Attacker):
    """Files that take their reader as long as one may take, and others that end it at once."""

    clients = 6

    async def prepare(self) -> None:
        self._slides, self._bomb = _endless_slides(), _bomb()
        self._store = ""

    async def strike(self, number: int) -> None:
        if not self._store:
            store = await self.send("/vector_stores", {"name": "poison"})
            self._store = self._store or f"/vector_stores/{store['id']}"
        name, content = self._file(number % 3)
        if file_id := await self.upload(name, content):
            await self.send(f"{self._store}/files", {"file_id": file_id})
        await self.until_read(self._store, 60)

    def _file(self, kind: int) -> tuple[str, bytes]:
        if kind == 0:
            return "a.pptx", self._slides
        if kind == 1:
            return "a.docx", self._bomb
        return "a.txt", random.randbytes(_TEXT_BYTES // 2).hex(" ", 4).encode()

    async def clean_up(self) -> None:
        if self._store:
            await self.ask("DELETE", self._store)
            self._store = ""


class PoisonAnswers(Attacker):
    """Chats and runs with a model that answers without end, or too much at once."""

    clients = 4

    async def prepare(self) -> None:
        self._assistants = [
            (await self.send("/assistants", {"model": model}))["id"]
            for model in (ENDLESS, HUGE, HUGE_EVENT)
        ]

    async def strike(self, number: int) -> None:
        endless, huge, huge_event = self._assistants
        if number % 4 == 3:
            thread = await self.send("/threads", {"messages": [_HELLO]})
            if thread:
                await self.run(thread["id"], endless)
            return
        assistant, streamed = ((endless, True), (huge, False), (huge_event, True))[number % 4]
        body = {"message": "hello", "assistant_id": assistant, "stream": streamed}
        await self.send("/chat", body)


_HELLO = {"role": "user", "content": "hello"}


def _endless_slides() -> bytes:
    """Return a small presentation that names its one slide, which is large, thousands of times."""
    show = pptx.Presentation()
    show.slides.add_slide(show.slide_layouts[5])
    whole = io.BytesIO()
    show.save(whole)
    bent = io.BytesIO()
    with (
        zipfile.ZipFile(whole) as source,
        zipfile.ZipFile(bent, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in source.namelist():
            archive.writestr(name, _bent(name, source.read(name)))
    return bent.getvalue()


def _bent(name: str, data: bytes) -> bytes:
    if name == "ppt/slides/slide1.xml":
        return data.replace(b"</p:spTree>", _SHAPE * _SLIDE_SHAPES + b"</p:spTree>")
    if name == "ppt/presentation.xml":
        before, opening, rest = data.partition(b"<p:sldId ")
        slide, closing, after = rest.partition(b"/>")
        return before + (opening + slide + closing) * _SLIDES + after
    return data


def _bomb() -> bytes:
    """Return a document that unpacks to many times what a file may unpack to."""
    bomb = io.BytesIO()
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w", force_zip64=True) as part,
    ):
        part.write(b'<w:document xmlns:w="%s"><w:body>' % _W)
        for _ in range(900):
            part.write(_PARAGRAPH * 10_000)
        part.write(b"</w:body></w:document>")
    return bomb.getvalue()
