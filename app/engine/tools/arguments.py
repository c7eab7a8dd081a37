"""Reads the one string in a call's arguments while they arrive, piece by piece."""

import re

from pydantic_core import from_json

# Up to the value: `{"code": "`.
_HEAD = re.compile(r'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*"')
# Text that can be decoded alone: it ends with no partial escape and no half of a surrogate pair.
_WHOLE = re.compile(
    r"""(?:
        [^"\\]
      | \\["\\/bfnrt]
      | \\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}
      | \\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}
    )*""",
    re.VERBOSE,
)


class StreamedText:
    """Decodes the string in arguments such as `{"code": "…"}` as their pieces arrive.

    This only serves to show a call early: if the arguments have another form, nothing or only a
    part of them is shown. The model's real arguments are the complete ones.
    """

    def __init__(self) -> None:
        self._pending = ""
        self._in_value = False

    def feed(self, piece: str) -> str:
        """Return the text that the piece adds to the value."""
        self._pending += piece
        if not self._in_value:
            head = _HEAD.match(self._pending)
            if head is None:
                return ""
            self._in_value = True
            self._pending = self._pending[head.end() :]
        whole = _WHOLE.match(self._pending)
        end = whole.end() if whole else 0
        text, self._pending = self._pending[:end], self._pending[end:]
        # Some models write line breaks into JSON strings without escaping them.
        decoded: str = from_json('"' + _escaped(text) + '"')
        return decoded


def _escaped(text: str) -> str:
    return re.sub(r"[\x00-\x1f]", lambda found: f"\\u{ord(found[0]):04x}", text)
