"""Detects which of the service's two languages a text is in."""

import re

_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")


def is_korean(text: str) -> bool:
    """Return whether a text contains Hangul; any other text counts as English."""
    return _HANGUL.search(text) is not None
