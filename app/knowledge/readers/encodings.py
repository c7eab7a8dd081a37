"""Decodes text files in any common encoding."""

import codecs
import re

from charset_normalizer import from_bytes

from app.knowledge.readers.refusal import unsupported

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# How many bytes a guess is based on: the beginning of a text shows its language.
_SAMPLE = 1 << 18
_GUESSES = ["cp932", "euc_jp", "gb18030", "big5", "cp1252", "cp1251", "koi8_r", "cp1253", "cp1254"]
_HANGUL = re.compile("[가-힣]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_PLAUSIBLE = re.compile("[\t\r\n -~가-힣\u2000-\u206f\u3000-\u30ff\u4e00-\u9fff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MOSTLY_KOREAN = 0.7
_MOSTLY_PLAUSIBLE = 0.9
_FEW_CONTROLS = 0.002
_FEW_BROKEN = 0.01


def decoded(data: bytes) -> str:
    """Return the text of a file in any common encoding. Raises `Refused` if it isn't text."""
    text = _marked(data) or _utf_8(data) or _utf_16(data) or _korean(data) or _guessed(data)
    if text is None or len(_CONTROL.findall(text)) > _FEW_CONTROLS * len(text):
        raise unsupported("The file is not text, or its encoding is unknown.")
    return text


def decoded_as(data: bytes, encoding: str) -> str | None:
    """Return the text if it is in that encoding; its last character may be incomplete."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final=False)
    except (LookupError, UnicodeError):
        return None


def _marked(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return decoded_as(data, encoding)
    return None


def _utf_8(data: bytes) -> str | None:
    text = decoded_as(data, "utf-8")
    if text is None:
        # Logs are often UTF-8 except for a few bytes.
        repaired = data.decode(errors="replace")
        broken = repaired.count("\ufffd")
        # If few characters are valid UTF-8 beyond ASCII, the text may be in another encoding.
        proven = len(_NOT_ASCII.findall(repaired)) > 10 * broken
        text = repaired if proven and broken <= _FEW_BROKEN * len(repaired) else None
    return text if text is None or "\0" not in text else None


def _utf_16(data: bytes) -> str | None:
    if b"\0" not in data:
        return None
    for encoding in ("utf-16-le", "utf-16-be"):
        text = decoded_as(data, encoding)
        if text and len(_PLAUSIBLE.findall(text)) > _MOSTLY_PLAUSIBLE * len(text):
            return text
    return None


def _korean(data: bytes) -> str | None:
    """Decode CP949, which includes EUC-KR, if all bytes are valid and give mostly Hangul."""
    text = decoded_as(data, "cp949")
    foreign = _NOT_ASCII.findall(text or "")
    hangul = sum(_HANGUL.match(character) is not None for character in foreign)
    return text if foreign and hangul > _MOSTLY_KOREAN * len(foreign) else None


def _guessed(data: bytes) -> str | None:
    if b"\0" in data:
        return None
    best = from_bytes(data[:_SAMPLE], cp_isolation=_GUESSES).best()
    return None if best is None else data.decode(best.encoding, errors="replace")
