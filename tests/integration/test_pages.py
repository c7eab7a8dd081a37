"""How the pages and their files are served, and that they need nothing from elsewhere."""

import http.client
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from app.api.pages import FOLDER, add_pages
from tests.support.pages import client_of, needs_libraries
from tests.support.server import thread_server
from tests.support.talk import error_of

pytestmark = needs_libraries

PREFIX = "/openai-api"
SITE = "https://shop.example.org"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# The console shows one page in a frame, and only its own origin may frame that page.
POLICIES = {
    "/console": f"{POLICY}; frame-src 'self'",
    "/widget/preview": POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
}
PAGES = ("/chat", "/console", "/docs", "/widget/demo", "/widget/preview")
every_page = pytest.mark.parametrize("path", PAGES)
OWN_FILES = [
    path.relative_to(FOLDER).as_posix()
    for path in FOLDER.rglob("*")
    if path.suffix in (".css", ".html", ".js", ".svg") and "vendor" not in path.parts
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The server as people's browsers see it; its API may be called from one other site."""
    folder = tmp_path_factory.mktemp("pages")
    settings = {
        "database_url": f"sqlite:///{folder}/pages.db",
        "files_url": str(folder / "files"),
        "cors_origins": [SITE],
    }
    with (
        thread_server(**settings) as server,
        httpx.Client(base_url=server.base_url, timeout=30) as client,
    ):
        yield client


class Links(HTMLParser):
    """What a page loads, and where something stands in it that its policy would stop."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.stopped: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        inline = tag == "script" and "src" not in names and names.get("type") != "importmap"
        if inline or tag == "style" or any(n == "style" or n.startswith("on") for n in names):
            self.stopped.append(str(self.get_starttag_text()))
        if tag != "a":
            self.found += [names[name] or "" for name in ("src", "href") if name in names]


def links_of(site: httpx.Client, path: str) -> Links:
    page = site.get(path)
    assert page.status_code == 200
    return Links(page.text)


@every_page
def test_a_page_has_strict_headers(site, path):
    page = site.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == POLICIES.get(path, POLICY)
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in page.headers


@every_page
def test_a_page_keeps_to_its_policy(site, path):
    page = links_of(site, path)
    assert page.stopped == []
    for link in page.found:
        # Without a server's name, and not from the root: so they work behind any prefix.
        assert not urlsplit(link).scheme and not link.startswith("/"), link


@every_page
@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_all_that_a_page_loads_is_there(site, path, prefix):
    for link in links_of(site, path).found:
        address = urlsplit(urljoin(f"https://chat.example.org{prefix}{path}", link))
        assert address.path.startswith(prefix)
        assert site.get(address.path.removeprefix(prefix)).status_code == 200, link


@pytest.mark.parametrize("name", OWN_FILES)
def test_no_file_of_ours_names_a_server_of_others(name):
    hosts = re.findall(r"(?:https?:)?//([\w-]+(?:\.[\w-]+)+)", (FOLDER / name).read_text("utf-8"))
    # A name of XML's, and the servers of comments.
    assert [h for h in hosts if h != "www.w3.org" and not h.endswith("example.org")] == []


@pytest.mark.parametrize("name", OWN_FILES)
def test_what_a_script_imports_is_there(site, name):
    """Also from another site, where a module needs the permission to be read."""
    if not name.endswith(".js"):
        return
    address = f"/static/{name}" if name != "widget/widget.js" else "/widget.js"
    source = (FOLDER / name).read_text("utf-8")
    for module in re.findall(r"""\b(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""", source):
        answer = site.get(urljoin(address, module), headers={"origin": "https://else.example"})
        assert answer.status_code == 200, module
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/widget.js", "text/javascript; charset=utf-8"),
        ("/static/docs/start.js", "text/javascript; charset=utf-8"),
        ("/static/vendor/marked.js", "text/javascript; charset=utf-8"),
        ("/static/vendor/purify.js", "text/javascript; charset=utf-8"),
        ("/static/vendor/swagger-ui/swagger-ui.css", "text/css; charset=utf-8"),
        ("/static/vendor/swagger-ui/favicon-32x32.png", "image/png"),
        ("/static/vendor/marked.LICENSE.txt", "text/plain; charset=utf-8"),
    ],
)
def test_any_site_may_load_a_file(site, path, kind):
    for origin in (None, "https://else.example", "null"):
        answer = site.get(path, headers={"origin": origin} if origin else None)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == kind
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        # Opened in a tab of its own, it can load and run nothing.
        assert answer.headers["content-security-policy"].startswith("default-src 'none';")
    known = site.get(path, headers={"origin": SITE})
    assert known.headers["access-control-allow-origin"] in ("*", SITE)


def test_the_permission_is_for_files_alone(site):
    answer = site.get("/api/v1/health", headers={"origin": "https://else.example"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", [*PAGES, "/widget.js", "/static/docs/start.js"])
def test_what_has_not_changed_is_not_sent_again(site, path):
    first = site.get(path)
    assert first.headers["cache-control"] == "no-cache"
    again = site.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
    other = site.get(path, headers={"if-none-match": '"another"'})
    assert other.content == first.content


@pytest.mark.parametrize("path", [*PAGES, "/widget.js", "/static/docs/start.js"])
def test_files_are_for_reading(site, path):
    head = site.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    assert error_of(site.post(path), 405)["code"] == "method_not_supported"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../main.py",
        "/static/../application.py",
        "/static/docs/../../application.py",
        "/static/%2e%2e/application.py",
        "/static/..%2fapplication.py",
        "/static/..%5capplication.py",
        "/static/%2e%2e%2f%2e%2e%2f.env.example",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/file:///etc/passwd",
        "/static/docs/start.js%00.png",
        "/static/docs/start.js/../../../application.py",
        "/static/docs",
        "/static/",
        "/static/nowhere.js",
        "/static/" + "a" * 5000,
        "/static/" + "a/" * 3000,
    ],
)
def test_only_the_files_are_given_out(site, path):
    """Sent as it stands: a client would tidy up the address first."""
    connection = http.client.HTTPConnection(site.base_url.host, site.base_url.port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status in (400, 404), body
    assert b'"error"' in body
    assert b"root:" not in body and b"import" not in body


@pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect"])
def test_the_frameworks_own_pages_are_off(site, path):
    error_of(site.get(path), 404)


def test_the_welcome_leads_to_the_pages(site):
    welcome = site.get("/").json()
    assert welcome["chat_page"] == "/chat"
    assert not {*PAGES} & site.get(welcome["openapi"]).json()["paths"].keys()


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("accept", [BROWSER, "text/html", "application/json;q=0.5, text/html"])
def test_a_browser_gets_the_welcome_page(site, accept):
    page = site.get("/", headers={"accept": accept})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == POLICY
    assert "accept" in page.headers["vary"]
    links = Links(page.text)
    assert not links.stopped
    for path in ("chat", "console", "docs", "widget/demo", "readme", "readme?lang=ko"):
        assert f'href="{path}"' in page.text
        assert site.get(f"/{path}").status_code == 200
    assert "서버가 실행 중입니다" in page.text and "The server is running" in page.text


@pytest.mark.parametrize(
    "accept",
    ["*/*", "", "application/json", "application/json, text/html;q=0.9", "text/html;q=x", "text/*"],
)
def test_a_program_gets_the_addresses_as_json(site, accept):
    assert site.get("/", headers={"accept": accept}).json()["name"] == "Threadkeeper"


def test_the_readme_is_there_in_both_languages(site):
    english, korean = site.get("/readme"), site.get("/readme?lang=ko")
    assert english.headers["content-type"] == "text/plain; charset=utf-8"
    assert "## Start" in english.text and "## 시작하기" in korean.text


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The files, without those that are fetched."""
    return Path(shutil.copytree(FOLDER, tmp_path / "static", ignore=lambda *_: ["vendor"]))


def serving(folder: Path) -> httpx.AsyncClient:
    app = FastAPI(docs_url=None, redoc_url=None)
    add_pages(app, folder)
    return client_of(app)


@pytest.mark.parametrize("path", [*PAGES, "/widget.js"])
async def test_a_page_says_when_its_files_were_not_fetched(copied, path):
    answer = await serving(copied).get(path)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "./run.sh" in answer.text and "The API works" in answer.text and "다시" in answer.text
    # What isn't fetched is there as ever.
    assert (await serving(copied).get("/static/docs/start.js")).status_code == 200


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("marked.js", {"/chat", "/console", "/widget.js", "/widget/demo", "/widget/preview"}),
        ("purify.js", {"/chat", "/console", "/widget.js", "/widget/demo", "/widget/preview"}),
        ("swagger-ui/swagger-ui-bundle.js", {"/docs"}),
        ("swagger-ui/swagger-ui.css", {"/docs"}),
    ],
)
async def test_a_page_waits_for_its_own_files_only(copied, name, pages):
    shutil.copytree(FOLDER / "vendor", copied / "vendor")
    (copied / "vendor" / name).unlink()
    async with serving(copied) as client:
        answers = {path: await client.get(path) for path in (*PAGES, "/widget.js")}
        assert {path for path, answer in answers.items() if answer.status_code == 503} == pages
        # Fetched while the server runs, they are seen at once.
        shutil.copy(FOLDER / "vendor" / name, copied / "vendor" / name)
        for path in pages:
            assert (await client.get(path)).status_code == 200


async def test_a_link_out_of_the_folder_is_not_followed(copied, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    (copied / "secret.txt").symlink_to(tmp_path / "secret.txt")
    assert (await serving(copied).get("/static/secret.txt")).status_code == 404
