"""Files that mean harm, or are broken: each is an error with a code of OpenAI's."""

import asyncio
import os
import random
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from io import BytesIO

import pytest

from app.knowledge.extraction import ExtractionError, Limits, extract_text
from tests.support.documents import (
    blank_pdf,
    docx_file,
    encrypted_pdf,
    pdf_file,
    word_package,
    xlsx_file,
)

PARAGRAPH = b"<w:p><w:r><w:t>a</w:t></w:r></w:p>"


async def refusal(data: bytes, name: str, limits: Limits | None = None) -> ExtractionError:
    with pytest.raises(ExtractionError) as caught:
        await extract_text(data, name, limits)
    return caught.value


def archive(**parts: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    return file.getvalue()


ENTITIES = b"""<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">]>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:p><w:t>&e;&e;&e;&e;</w:t></w:p></w:document>"""

# Made when they are needed: the large ones take seconds.
CASES: dict[str, tuple[bytes | Callable[[], bytes], str, str | None]] = {
    "empty": (b"", "a.txt", "invalid_file"),
    "zip bomb": (partial(word_package, PARAGRAPH * 10_000, 900), "a.docx", "invalid_file"),
    "tables in tables": (partial(word_package, b"<w:tbl>" * 100_000), "a.docx", "invalid_file"),
    "one endless word": (
        partial(word_package, b"<w:p><w:t>" + b"a" * 20_000_000 + b"</w:t></w:p>"),
        "a.docx",
        "invalid_file",
    ),
    "entities in entities": (archive(**{"word/document.xml": ENTITIES}), "a.docx", None),
    "encrypted PDF": (partial(encrypted_pdf, "hidden"), "a.pdf", "invalid_file"),
    "10,000 pages": (partial(blank_pdf, 10_000), "a.pdf", "invalid_file"),
    "no text": (partial(blank_pdf, 3), "a.pdf", "unsupported_file"),
    "half a PDF": (pdf_file(["a"])[:300], "a.pdf", "invalid_file"),
    "half a DOCX": (docx_file()[:3000], "a.docx", "invalid_file"),
    "half an XLSX": (xlsx_file([["a", "b"]])[:2000], "a.xlsx", "invalid_file"),
    "damaged XLSX": (archive(**{"xl/workbook.xml": b"<broken"}), "a.xlsx", "invalid_file"),
    "text named PDF": (b"hello", "a.pdf", "invalid_file"),
    "text named DOCX": (b"hello", "a.docx", "invalid_file"),
    "binary named text": (random.Random(1).randbytes(5000), "a.txt", "unsupported_file"),
    "zeros": (bytes(5000), "a.txt", "unsupported_file"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "a.txt", "unsupported_file"),
    "any archive": (archive(a=b"text"), "a.zip", "unsupported_file"),
    "old Word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.doc", "unsupported_file"),
    "protected Word": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(9) + "EncryptedPackage".encode("utf-16-le"),
        "a.docx",
        "invalid_file",
    ),
    "endless CSV cell": (b'a,b\n"' + b"x" * 2_000_000, "a.csv", "invalid_file"),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_hostile_file_is_an_error(case):
    made, name, code = CASES[case]
    data = made() if callable(made) else made
    if code is None:  # read without what it refers to, or refused
        try:
            assert len(await extract_text(data, name)) < 10_000
        except ExtractionError as caught:
            assert caught.code in ("invalid_file", "unsupported_file")
        return
    error = await refusal(data, name)
    assert error.code == code
    assert error.message.endswith(".") and len(error.message) < 120


@pytest.mark.parametrize("name", ["a.json", "a.html"])
async def test_deep_nesting_crashes_no_reader(name):
    deep = b"[" * 500_000 if name == "a.json" else b"<div>" * 500_000 + b"end"
    try:
        assert await extract_text(deep, name)
    except ExtractionError as error:
        assert error.code in ("invalid_file", "unsupported_file")


async def test_too_much_time():
    error = await refusal(pdf_file(["a"] * 2000), "a.pdf", Limits(seconds=0.001))
    assert error.code == "invalid_file" and "time" in error.message


async def test_too_much_memory():
    # The reader's own size stays below this; the file's does not.
    data = b"\xed\x99\x94" * 20_000_000
    error = await refusal(data, "a.txt", Limits(memory_bytes=150 << 20, text_bytes=1 << 30))
    assert error.code == "invalid_file" and "memory" in error.message


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such priorities")
async def test_a_file_is_read_with_what_cpu_others_leave(monkeypatch):
    begun = asyncio.get_running_loop().create_future()
    real = asyncio.create_subprocess_exec

    async def start(*arguments, **options):
        begun.set_result(await real(*arguments, **options))
        return begun.result()

    monkeypatch.setattr("asyncio.create_subprocess_exec", start)
    reading = asyncio.create_task(extract_text(pdf_file(["a"] * 4000), "a.pdf"))
    pid = (await begun).pid
    while os.getpriority(os.PRIO_PROCESS, pid) <= os.getpriority(os.PRIO_PROCESS, 0):
        assert not reading.done()
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_a_cancelled_reading_leaves_no_process(monkeypatch):
    begun = asyncio.get_running_loop().create_future()
    real = asyncio.create_subprocess_exec

    async def start(*arguments, **options):
        begun.set_result(await real(*arguments, **options))
        return begun.result()

    monkeypatch.setattr("asyncio.create_subprocess_exec", start)
    reading = asyncio.create_task(extract_text(pdf_file(["a"] * 4000), "a.pdf"))
    process = await begun
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert process.returncode is not None


async def test_a_reader_that_fails_is_the_servers_error(monkeypatch):
    monkeypatch.setattr("app.knowledge.extraction._WORKER", "app.knowledge.nowhere")
    assert (await refusal(b"a", "a.txt")).code == "server_error"
