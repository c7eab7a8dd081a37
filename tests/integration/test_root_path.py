"""Behind a proxy that shows the server under a prefix, and takes it away or leaves it."""

import httpx
import pytest

from app.api.pages import FOLDER
from app.application import create_app
from app.core.config import Settings
from tests.support.pages import client_of, needs_libraries
from tests.support.talk import error_of

PREFIX = "/openai-api"


@pytest.fixture(params=["kept", "stripped"])
def behind(request: pytest.FixtureRequest) -> tuple[httpx.AsyncClient, str]:
    """A server behind a prefix, and what its proxy leaves of it in front of a path."""
    app = create_app(Settings(_env_file=None, root_path=PREFIX))
    return client_of(app), PREFIX if request.param == "kept" else ""


@needs_libraries
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/chat", "chat/index.html"),
        ("/docs", "docs/index.html"),
        ("/widget.js", "widget/widget.js"),
        ("/widget/demo", "widget/demo.html"),
        ("/static/docs/start.js", "docs/start.js"),
    ],
)
async def test_a_file_is_the_same(behind, path, name):
    client, left = behind
    answer = await client.get(left + path)
    assert (answer.status_code, answer.content) == (200, (FOLDER / name).read_bytes())


@needs_libraries
async def test_all_links_bear_the_prefix(behind):
    client, left = behind
    welcome = (await client.get(f"{left}/")).json()
    links = {key: link for key, link in welcome.items() if key not in ("name", "version")}
    for link in links.values():
        assert link.startswith(f"{PREFIX}/")
    for key in ("docs", "openapi", "chat_page"):
        path = links[key].removeprefix(PREFIX)
        assert (await client.get(left + path)).status_code == 200
    document = (await client.get(f"{left}/openapi.json")).json()
    assert document["servers"] == [{"url": PREFIX}]


async def test_a_redirect_bears_the_prefix(behind):
    client, left = behind
    answer = await client.get(f"{left}/docs/")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"https://chat.example.org{PREFIX}/docs"


@pytest.mark.parametrize("path", ["/nowhere", "/static/%2e%2e/application.py", f"{PREFIX}x/chat"])
async def test_nothing_more_is_given_out(behind, path):
    client, left = behind
    error_of(await client.get(left + path), 404)
