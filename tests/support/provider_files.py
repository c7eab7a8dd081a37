"""Files of providers for tests."""

import json
from pathlib import Path
from typing import Any


def provider(name: str, base_url: str, **fields: Any) -> dict[str, Any]:
    """Return an entry that asks a server through the Responses API, and never twice."""
    return {"name": name, "base_url": base_url, "api": "responses", "max_retries": 0} | fields


def providers_file(folder: Path, *providers: dict[str, Any]) -> str:
    """Write a file of these providers, and return its path."""
    file = folder / "providers.yaml"
    # JSON is YAML too.
    file.write_text(json.dumps({"providers": providers}), "utf-8")
    return str(file)
