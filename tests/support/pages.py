"""Shared by the tests of pages."""

import httpx
import pytest
from starlette.types import ASGIApp

from app.api.pages import FOLDER

needs_libraries = pytest.mark.skipif(
    not (FOLDER / "vendor/assets.lock.json").exists(),
    reason="the browser libraries were not fetched: run ./run.sh setup",
)


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    """Call the application without starting it: its pages don't need that."""
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="https://chat.example.org")
