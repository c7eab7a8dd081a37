"""Generated images for tests."""

import struct
import zlib

_BACKGROUND = b"\xff\xff\xff"
_BAR = b"\x0f\x6b\x63"


def bar_chart(width: int = 320, height: int = 180) -> bytes:
    """Return a PNG of five bars."""
    rows = (
        b"\0" + b"".join(_pixel(x, y, width, height) for x in range(width)) for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _pixel(x: int, y: int, width: int, height: int) -> bytes:
    bar, within = divmod(x * 5, width)
    is_bar = within > width // 4 and height - y < (bar + 1) * height // 6
    return _BAR if is_bar else _BACKGROUND


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum
