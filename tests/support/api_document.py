"""The service's own OpenAPI document, created once: every part of it is read by some test."""

from functools import cache
from typing import Any

from app.application import create_app
from app.core.config import Settings


@cache
def api_document() -> dict[str, Any]:
    """Return the document; copy it before changing it."""
    return create_app(Settings(_env_file=None, assistants_file="")).openapi()
