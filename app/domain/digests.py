"""Digests of values, to see later whether they are still the same."""

import hashlib
import json
from typing import Any


def json_digest(value: Any) -> str:
    """Return a digest of a JSON value, in 32 characters. The database has such digests."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
