"""Hangul's documents into text: written by Hangul itself, damaged, protected, or too large."""

import io
import random
import struct
import zipfile
from pathlib import Path

import pytest

from app.knowledge.extraction import ExtractionError, Limits, extract_text

SAMPLES = Path(__file__).parents[1] / "support" / "hangul"
HEADER = b"HWP Document File"


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def flagged(flag: int) -> bytes:
    """A real document whose header says that it is protected in some way."""
    data = bytearray(sample("table.hwp"))
    place = data.index(HEADER) + 36
    (flags,) = struct.unpack_from("<I", data, place)
    struct.pack_into("<I", data, place, flags | flag)
    return bytes(data)


def repacked(changes: dict[str, bytes]) -> bytes:
    """A real HWPX with some parts changed or added."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(SAMPLES / "table.hwpx") as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in {*old.namelist(), *changes}:
            new.writestr(name, changes.get(name) or old.read(name))
    return file.getvalue()


async def refusal(data: bytes, name: str, limits: Limits | None = None) -> ExtractionError:
    with pytest.raises(ExtractionError) as caught:
        await extract_text(data, name, limits)
    return caught.value


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "table.hwp",
            ["ABC 123: LMN | DEF: OPQ | GHI: STR", "ABC 123: UVM | DEF: 123 | GHI: 456", "", "표"],
        ),
        ("notes.hwp", ["[^1]  [^2]  [^e1]", "[^1]:", "[^2]:", "[^e1]: sssd"]),
        ("equation.hwp", ["( a + b )^{2} = a^{2} + 2 ab + b^{2}"]),
        (
            "table.hwpx",
            [
                "C반 기말고사 (www.daum.net)",
                "날짜",
                "이름: 개똥이 | 국어: 89 | 영어: 65 | 수학: 78",
                "이름: 칠득이 | 국어: 77 | 영어: 77 | 수학: 77",
                "이름: 팔푼이 | 국어: 88 | 영어: 88 | 수학: 88",
                "이름: 육손이 | 국어: 66 | 영어: 66 | 수학: 66",
                "이름: 합계",
            ],
        ),
    ],
)
async def test_documents_of_hangul(name, lines):
    text = await extract_text(SAMPLES / name, name)
    assert [line.rstrip() for line in text.splitlines()] == lines


async def test_the_bytes_say_more_than_the_name():
    assert "개똥이" in await extract_text(sample("table.hwpx"), "a.hwp")
    assert "OPQ" in await extract_text(sample("table.hwp"), "a.doc")


async def test_hwpml():
    document = """<?xml version="1.0" encoding="UTF-8"?><HWPML Version="2.8"><HEAD/><BODY><SECTION>
    <P><TEXT><CHAR>안녕하세요</CHAR></TEXT></P></SECTION></BODY></HWPML>"""
    assert await extract_text(document.encode(), "a.hml") == "안녕하세요"


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (flagged(0x2), "invalid_file", "password"),
        (flagged(0x4), "invalid_file", "locked for distribution"),
        (flagged(0x10), "invalid_file", "DRM"),
        (flagged(0x400), "invalid_file", "DRM"),
        (b"\x9b\x20DRMONE  This Document is encrypted" + bytes(500), "invalid_file", "DRM"),
        (b"SCDSA004" + bytes(500), "invalid_file", "DRM"),
        (
            repacked({"META-INF/manifest.xml": b"<manifest><encryption-data/></manifest>"}),
            "invalid_file",
            "password",
        ),
        (HEADER + b" V3.00 \x1a\1\2\3\4\5" + bytes(500), "unsupported_file", "before 2002"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "invalid_file", "damaged"),
        (b"hello", "invalid_file", "damaged"),
        (repacked({"Contents/section0.xml": b"<broken"}), "invalid_file", "damaged"),
        (repacked({"Contents/big.xml": bytes(60 << 20)}), "invalid_file", "unpacks to more"),
        (repacked({"Contents/section0.xml": b"<x/>"}), "invalid_file", "damaged"),
    ],
    ids=[
        "password",
        "distribution",
        "DRM",
        "certificate",
        "Fasoo",
        "Softcamp",
        "HWPX password",
        "HWP 3",
        "no header",
        "text",
        "broken XML",
        "zip bomb",
        "other XML",
    ],
)
async def test_a_document_that_cannot_be_read_says_why(data, code, words):
    error = await refusal(data, "a.hwp")
    assert (error.code, words in error.message) == (code, True), error.message
    assert error.message.endswith(".") and len(error.message) < 120


@pytest.mark.parametrize("name", ["table.hwp", "table.hwpx"])
@pytest.mark.parametrize("part", [0.1, 0.3, 0.6, 0.9])
async def test_half_a_document_is_damaged(name, part):
    whole = sample(name)
    error = await refusal(whole[: int(len(whole) * part)], name)
    assert (error.code, "damaged" in error.message) == ("invalid_file", True)


@pytest.mark.parametrize("name", ["table.hwp", "table.hwpx"])
async def test_wrong_bytes_anywhere_are_text_or_a_reason(name):
    dice, whole = random.Random(10), sample(name)
    for _ in range(6):
        data = bytearray(whole)
        for _ in range(30):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            assert await extract_text(bytes(data), name)
        except ExtractionError as error:
            assert error.code in ("invalid_file", "unsupported_file")


async def test_a_document_of_too_much_text():
    error = await refusal(sample("table.hwpx"), "a.hwpx", Limits(text_bytes=50))
    assert error.code == "invalid_file"
