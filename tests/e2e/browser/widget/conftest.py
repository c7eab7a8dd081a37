"""A site of another origin, and a server whose chat its visitors may use."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.fake_upstream import FakeUpstream
from tests.support.foreign_site import ForeignSite
from tests.support.server import ThreadServer, thread_server
from tests.support.widget_page import OPENING, REFUNDS, WidgetPage, page_with, widget_on

OpenWidget = Callable[..., WidgetPage]

ASSISTANTS = """
assistants:
  - id: asst_bakery
    name: Baker
    instructions: Cite.
    tools: [{type: file_search}]
    knowledge: [refunds.txt, opening.txt]
    metadata:
      greeting: Welcome!
      greeting_ko: 어서 오세요!
      suggestions: "Open today?\\nAny cake?"
      suggestions_ko: '["몇 시에 여나요?"]'
"""


@pytest.fixture(scope="package")
def site() -> Iterator[ForeignSite]:
    with ForeignSite.serve() as running:
        yield running


@pytest.fixture(scope="package")
def settings(
    site: ForeignSite, upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Settings of a server with keys that allows the site's visitors to chat."""
    folder = tmp_path_factory.mktemp("widget")
    (folder / "assistants.yaml").write_text(ASSISTANTS, encoding="utf-8")
    (folder / "refunds.txt").write_text(REFUNDS, encoding="utf-8")
    (folder / "opening.txt").write_text(OPENING, encoding="utf-8")
    return {
        "database_url": f"sqlite:///{folder}/widget.db",
        "files_url": str(folder / "files"),
        "openai_base_url": upstream_server.base_url,
        "openai_api_key": "sk-of-the-upstream",
        "openai_max_retries": 0,
        "shutdown_seconds": 1,
        "assistants_file": str(folder / "assistants.yaml"),
        "api_keys": ["default:sk-of-a-test"],
        "public_chat": True,
        "public_assistants": ["asst_default", "asst_bakery"],
        "public_rate_limit": "",
        "cors_origins": [site.origin],
    }


@pytest.fixture(scope="package")
def server(settings: dict[str, Any]) -> Iterator[ThreadServer]:
    with thread_server(**settings) as running:
        yield running


@pytest.fixture
def widget(
    visit: Callable[..., Any], site: ForeignSite, server: ThreadServer, upstream: FakeUpstream
) -> OpenWidget:
    """Open the widget on the site as a new visitor; options are those of a browser context."""

    def open_widget(attributes: str = "", *, lang: str = "en", **options: Any) -> WidgetPage:
        page = visit(**options)
        return widget_on(page, site, page_with(server, attributes, lang=lang)).open()

    return open_widget
