"""A server without keys: for its own machine alone, unless ALLOW_OPEN is set."""

import pytest

from app.core.config_loading import load_settings
from tests.support.raw_http import answer_to
from tests.support.server import ProcessServer, process_server
from tests.support.talk import error_of

ORIGIN = "https://shop.example"
CALLS = {
    "read": ("GET", "/api/v1/threads", b""),
    "write": ("POST", "/api/v1/threads", b"{}"),
    "chat": ("POST", "/api/v1/chat", b'{"message": "x"}'),
    "figures": ("GET", "/metrics", b""),
    "delete": ("DELETE", "/api/v1/threads?all=true", b""),
}


@pytest.fixture(scope="module")
def local(start_shared):
    return start_shared(cors_origins=[ORIGIN])


@pytest.fixture(scope="module")
def for_all(start_shared):
    return start_shared(allow_open=True, allowed_hosts=["Chat.example"], cors_origins=[ORIGIN])


def call(server, which: str, **headers: str):
    """Call as a browser would that believes `host` to lead here."""
    method, path, body = CALLS[which]
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    head = (
        f"{method} {path} HTTP/1.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{''.join(lines)}\r\n"
    )
    return answer_to(server.base_url, head.encode("latin-1") + body)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost:8010",
        "127.0.0.1",
        "127.0.0.1:8010",
        "127.8.9.10:1",
        "[::1]",
        "[::1]:8010",
    ],
)
def test_this_machine_is_served(local, host):
    for which in CALLS:
        answer = call(local, which, Host=host)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example",
        "rebound.example:8010",
        "localhost.rebound.example",
        "127.0.0.1.nip.io",
        "127.0.0.1@rebound.example",
        "0.0.0.0",
        "192.168.0.7:8010",
        "[::]",
        "[2001:db8::1]:8010",
        "::1]",
        "2130706433",
        "0x7f.1",
        "",
        "\xff",
    ],
)
def test_a_page_whose_name_leads_here_is_refused(local, host):
    for which in CALLS:
        error = error_of(call(local, which, Host=host), 403)
        assert error["code"] == "not_local"
        assert "API_KEYS" in error["message"] and "ALLOW_OPEN=true" in error["message"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://elsewhere.example",
        "http://shop.example",
        "https://shop.example.elsewhere",
        "https://shop.example:8443",
        "null",
        "",
        "http://localhost:1",
        "http://[::1",
        "http://[",
        "//",
        "file://",
        "\xff\xfe",
    ],
)
def test_a_page_of_another_origin_is_refused(local, origin):
    for which in CALLS:
        error = error_of(call(local, which, Host="localhost:8010", Origin=origin), 403)
        assert error["code"] == "origin_not_allowed"


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8010", "http://localhost:8010"),
        ("127.0.0.1:8010", "https://127.0.0.1:8010"),
        ("[::1]:8010", "http://[::1]:8010"),
        ("localhost", "http://localhost"),
        ("localhost:8010", ORIGIN),
    ],
)
def test_its_own_pages_and_those_of_known_origins_are_served(local, host, origin):
    answer = call(local, "write", Host=host, Origin=origin)
    assert answer.status_code == 200
    allowed = answer.headers.get("access-control-allow-origin")
    assert allowed == (ORIGIN if origin == ORIGIN else None)


def test_what_a_machine_asks_about_it_is_not_refused(local):
    """A load balancer calls it by whatever name it has; a page learns nothing by that."""
    for path in ("/", "/api/v1/health", "/api/v1/access"):
        request = f"GET {path} HTTP/1.1\r\nHost: any.example\r\nOrigin: https://x.example\r\n\r\n"
        answer = answer_to(local.base_url, request.encode())
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers


def test_a_key_is_not_looked_at(local):
    authorization = {"Authorization": "Bearer sk-any"}
    assert call(local, "read", Host="localhost", **authorization).status_code == 200
    # It opens nothing either.
    assert call(local, "read", Host="x.example", **authorization).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "chat.example"},
        {"Host": "CHAT.example.:8010", "Origin": "https://CHAT.example.:8010"},
        {"Host": "192.0.2.7:8010"},
        {"Host": "[2001:db8::1]:8010"},
        {"Host": "signage-pc"},
        {"Host": "signage-pc.local", "Origin": "http://signage-pc.local"},
        {"Host": "192.0.2.7", "Origin": ORIGIN},
    ],
)
def test_everybody_may_be_served(for_all, headers):
    for which in CALLS:
        assert call(for_all, which, **headers).status_code == 200


@pytest.mark.parametrize(
    "host", ["rebound.example", "192.0.2.7.nip.io", "evil.chat.example", "x.local.example"]
)
def test_an_open_server_is_not_called_by_a_name_that_a_stranger_may_own(for_all, host):
    """Such a name may lead here while a page of the same name is open in a browser inside."""
    for which in CALLS:
        error = error_of(call(for_all, which, Host=host, Origin=f"http://{host}"), 403)
        assert error["code"] == "host_not_allowed"
        assert host in error["message"] and "ALLOWED_HOSTS" in error["message"]


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://["])
def test_an_open_server_is_not_called_by_pages_of_other_sites(for_all, origin):
    for which in CALLS:
        error = error_of(call(for_all, which, Host="192.0.2.7", Origin=origin), 403)
        assert error["code"] == "origin_not_allowed"


def test_with_keys_the_name_does_not_matter(start):
    """A page that doesn't know a key gets nowhere, by whatever name."""
    server = start(api_keys=["shop:a-key-of-the-shop"], allow_open=True)
    answer = call(server, "read", Host="any.example", Authorization="Bearer a-key-of-the-shop")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded: for=192.0.2.7",
        "X-Forwarded-For: 192.0.2.7",
        "X-Forwarded-For: 127.0.0.1",
        "x-forwarded-for:",
        "X-Forwarded-Host: www.mysite.kr",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Server: www.mysite.kr",
        "X-Forwarded: 1",
        "X-Real-IP: 192.0.2.7",
        "X-Client-IP: 192.0.2.7",
        "X-Cluster-Client-IP: 192.0.2.7",
        "X-Original-Forwarded-For: 192.0.2.7",
        "Via: 1.1 varnish",
        "CF-Connecting-IP: 192.0.2.7",
        "CF-Ray: 230b030023ae2822-SJC",
        "CDN-Loop: cloudflare",
        "True-Client-IP: 192.0.2.7",
        "Fastly-Client-IP: 192.0.2.7",
        "Fly-Client-IP: 192.0.2.7",
        "X-Envoy-External-Address: 192.0.2.7",
        "X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678",
    ],
)
def test_what_came_through_a_proxy_is_refused(local, for_all, header):
    """A proxy on this machine has its address, whoever asks the proxy."""
    name, _, value = header.partition(":")
    headers = {"Host": "localhost", name: value.strip()}
    for which in CALLS:
        error = error_of(call(local, which, **headers), 403)
        assert error["code"] == "not_local"
        assert f"'{name.lower()}'" in error["message"]
        assert "API_KEYS" in error["message"] and "ALLOW_OPEN=true" in error["message"]
        assert call(for_all, which, **headers).status_code == 200


def test_what_programs_here_send_is_no_sign_of_a_proxy(local):
    headers = {
        "Host": "localhost",
        "Connection": "close",
        "X-Request-ID": "1",
        "X-Stainless-Lang": "python",
        "Sec-Fetch-Site": "same-origin",
        "X-Requested-With": "XMLHttpRequest",
        "OpenAI-Beta": "assistants=v2",
    }
    for which in CALLS:
        assert call(local, which, **headers).status_code == 200


def test_a_proxy_that_is_trusted_changes_nothing(start):
    """The settings refuse to start so; the guard doesn't rely on that."""
    server = start(trusted_proxies=["127.0.0.1"], root_path="/chat-api")
    assert call(server, "read", Host="localhost").status_code == 200
    for seen in ("127.0.0.1", "192.0.2.7", "127.0.0.1, 192.0.2.7", "unknown", "2001:db8::1"):
        far = {"Host": "localhost", "X-Forwarded-For": seen}
        assert error_of(call(server, "read", **far), 403)["code"] == "not_local"


def test_a_visitor_from_elsewhere_gets_no_session_of_a_server_without_keys(start):
    server = start(public_chat=True, cors_origins=[ORIGIN])
    request = f"POST /api/v1/chat/sessions HTTP/1.1\r\nHost: localhost\r\nOrigin: {ORIGIN}\r\n"
    near = answer_to(server.base_url, f"{request}Content-Length: 0\r\n\r\n".encode())
    assert near.status_code == 200, near.text
    proxied = f"{request}X-Forwarded-For: 192.0.2.7\r\nContent-Length: 0\r\n\r\n"
    assert error_of(answer_to(server.base_url, proxied.encode()), 403)["code"] == "not_local"


def refused_start(folder, **environment: str) -> str:
    process = ProcessServer(folder, **environment)
    assert process.wait() == 2
    return process.log


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "shop.example"])
def test_other_machines_are_not_let_in_by_accident(tmp_path, host):
    first, *lines = refused_start(tmp_path, HOST=host).splitlines()
    assert first == (
        f"HOST: {host} lets other machines in, and no key is set. "
        "Add one of these two lines to .env:"
    )
    assert lines[0].startswith('API_KEYS=["default:tk-') and len(lines[0]) > 40
    assert lines[1:] == ["ALLOW_OPEN=true"]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ROOT_PATH", "/openai-api", "a proxy that serves /openai-api"),
        ("TRUSTED_PROXIES", '["127.0.0.1"]', "a proxy (127.0.0.1/32)"),
    ],
)
def test_no_request_through_a_proxy_is_admitted_by_accident(tmp_path, name, value, said):
    first, *lines = refused_start(tmp_path, **{name: value}).splitlines()
    assert first == (
        f"{name}: {said} lets other machines in, and no key is set. "
        "Add one of these two lines to .env:"
    )
    assert lines[0].startswith('API_KEYS=["default:tk-') and lines[1:] == ["ALLOW_OPEN=true"]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("line", [0, 1])
def test_either_line_of_the_refusal_lets_it_start(tmp_path, monkeypatch, line):
    *_, keys, opened = refused_start(tmp_path, HOST="0.0.0.0").splitlines()
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text([keys, opened][line])
    monkeypatch.setenv("HOST", "0.0.0.0")
    settings = load_settings()
    assert (bool(settings.api_keys), settings.allow_open) == ((True, False), (False, True))[line]
    with process_server(tmp_path, HOST="0.0.0.0", ASSISTANTS_FILE="") as server:
        answer = call(server, "read", Host="192.0.2.7:8010")
        assert answer.status_code == (401 if line == 0 else 200)
