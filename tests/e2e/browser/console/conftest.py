"""The console of a server with the test's own database."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.browser.conftest import Visit
from tests.support.console_page import ConsolePage
from tests.support.server import ThreadServer

OpenConsole = Callable[..., ConsolePage]
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture
def console(visit: Visit) -> OpenConsole:
    def open_console(on: ThreadServer, at: str = "", **options: Any) -> ConsolePage:
        return ConsolePage(visit(**options), on.base_url).open(at)

    return open_console


@pytest.fixture(params=["light", "dark"])
def colours(request: pytest.FixtureRequest) -> str:
    colours: str = request.param
    return colours


@pytest.fixture(params=[("ko-KR", DESKTOP), ("en-US", PHONE)], ids=["desktop-ko", "phone-en"])
def look(request: pytest.FixtureRequest, colours: str) -> dict[str, Any]:
    """Options of a browser: two sizes, in both themes."""
    locale, size = request.param
    return {"locale": locale, "color_scheme": colours, "reduced_motion": "reduce", **size}
