"""Requests to addresses that users chose stay out of one's own network."""

import asyncio
import socket
import threading

import pytest
from yarl import URL

from app.core.outbound.addresses import AllowedHosts, OutboundRefused, checked_url, is_public
from app.core.outbound.client import (
    OutboundAnswer,
    OutboundClient,
    OutboundFailed,
    OutboundRequest,
)
from tests.support.called_api import CalledApi, Reply
from tests.support.certificates import certificate_for

NOBODY = AllowedHosts()


@pytest.fixture
def api():
    with CalledApi.serve() as called:
        yield called


def get(url, allowed=NOBODY, *, most=1000, method="GET", certificates=None):
    client = OutboundClient(allowed, certificates=certificates)
    request = OutboundRequest(method, url, {"X-Secret": "s3cret"}, seconds=10)
    return asyncio.run(client.send(request, most_bytes=most))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "fec0::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1"),
        *("2001:db8::1", "100::1", "not an address", ""),
    ],
)
def test_an_address_of_ones_own_network_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_other_addresses_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/", "ftp://example.com/", "file:///etc/passwd", "javascript:1", ""),
        *("https://", "https:///x", "//example.com", "/x", "https://user:pass@example.com/"),
        *("https://example.com:0/", "https://example.com:99999/", "https://exa mple.com/"),
        *("https://example.com/\r\nX: y", "https://exämple.com/", "https://" + "a" * 9000),
    ],
)
def test_what_is_no_https_url_is_refused(url):
    with pytest.raises(OutboundRefused):
        checked_url(url, NOBODY)


@pytest.mark.parametrize(
    ("names", "url", "expected"),
    [
        (["crm.internal"], "http://crm.internal:8080/x", True),
        (["crm.internal:8080"], "http://CRM.internal.:8080/x", True),
        (["crm.internal:8080"], "http://crm.internal/x", False),
        (["crm.internal"], "http://evil-crm.internal/x", False),
        (["crm.internal"], "http://crm.internal.example.com/x", False),
        (["[::1]"], "http://[::1]:80/", True),
        (["[::1]:81"], "http://[::1]:80/", False),
        ([], "http://localhost/", False),
    ],
)
def test_a_host_is_allowed_by_its_whole_name(names, url, expected):
    assert (URL(url, encoded=True) in AllowedHosts.of(names)) is expected


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost."),
    ],
)
def test_no_spelling_of_a_loopback_address_is_called(api, host):
    with pytest.raises((OutboundRefused, OutboundFailed)):
        get(f"https://{host}:{api.port}/")
    assert api.asked == []


def resolves_to(monkeypatch, *answers):
    """Let names resolve to one list of addresses after the other, and count."""
    left, asked = list(answers), []

    def getaddrinfo(host, port, **__):
        asked.append(host)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_names_that_nobody_answers_for_stop_no_other_work(monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answered.wait(30) and [])

    async def others():
        client = OutboundClient(NOBODY)
        request = OutboundRequest("GET", "https://silent.example.com/", seconds=60)
        calls = [asyncio.create_task(client.send(request, most_bytes=1)) for _ in range(40)]
        # As many as the loop's own threads, and more, have begun.
        await asyncio.sleep(0)
        try:
            return await asyncio.wait_for(asyncio.to_thread(lambda: "done"), 20)
        finally:
            answered.set()
            await asyncio.gather(*calls, return_exceptions=True)

    assert asyncio.run(others()) == "done"


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch, api):
    resolves_to(monkeypatch, ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(OutboundRefused, match="not public"):
        get(f"https://rebound.example.com:{api.port}/")
    assert api.asked == []


def test_a_name_that_changes_its_address_is_resolved_once(monkeypatch, tmp_path):
    """The first answer is the allowed one; a second look-up would lead elsewhere."""
    files, trusted = certificate_for("api.example.com", tmp_path)
    with CalledApi.serve(files) as tls:
        asked = resolves_to(monkeypatch, ["127.0.0.1"], ["192.0.2.1"])
        allowed = AllowedHosts.of(["api.example.com"])
        answer = get(f"https://api.example.com:{tls.port}/", allowed, certificates=trusted)
        assert (answer.status, answer.text) == (200, '{"ok":true}')
    assert asked == ["api.example.com"]


def test_tls_checks_the_name_of_the_host(monkeypatch, tmp_path):
    files, trusted = certificate_for("api.example.com", tmp_path)
    with CalledApi.serve(files) as tls:
        resolves_to(monkeypatch, ["127.0.0.1"])
        allowed = AllowedHosts.of(["other.example.com"])
        with pytest.raises(OutboundFailed, match="no trusted TLS connection"):
            get(f"https://other.example.com:{tls.port}/", allowed, certificates=trusted)
        assert tls.asked == []


def test_an_unknown_certificate_is_refused(monkeypatch, tmp_path):
    files, _ = certificate_for("api.example.com", tmp_path)
    with CalledApi.serve(files) as tls:
        resolves_to(monkeypatch, ["127.0.0.1"])
        with pytest.raises(OutboundFailed, match="no trusted TLS connection"):
            get(f"https://api.example.com:{tls.port}/", AllowedHosts.of(["api.example.com"]))


def test_a_redirect_is_followed_on_the_same_server_only(api):
    api.replies["/old"] = Reply(302, b"", {"Location": "/new"})
    answer = get(f"{api.url}/old", AllowedHosts.of([api.host]))
    assert (answer.status, [one.target for one in api.asked]) == (200, ["/old", "/new"])


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "http://localhost:{port}/stolen"),
        ("GET", "http://127.0.0.1:1/"),
        ("GET", "http://169.254.169.254/latest/meta-data"),
        ("GET", "https://127.0.0.1:{port}/"),
        ("GET", "//localhost:{port}/"),
        ("POST", "/again"),
    ],
)
def test_other_redirects_are_refused(api, method, target):
    api.replies["/old"] = Reply(307, b"", {"Location": target.format(port=api.port)})
    allowed = AllowedHosts.of([api.host, f"localhost:{api.port}"])
    with pytest.raises(OutboundRefused):
        get(f"{api.url}/old", allowed, method=method)
    assert [one.target for one in api.asked] == ["/old"]


def test_a_redirect_in_a_circle_ends(api):
    api.replies["/old"] = Reply(302, b"", {"Location": "/old"})
    with pytest.raises(OutboundFailed, match="too often"):
        get(f"{api.url}/old", AllowedHosts.of([api.host]))
    assert len(api.asked) == 4


def test_only_so_much_is_read(api):
    api.replies["/"] = Reply(200, b"x" * 5_000_000, {"Content-Type": "text/plain"})
    answer = get(f"{api.url}/", AllowedHosts.of([api.host]), most=70_000)
    assert (len(answer.body), answer.cut) == (70_000, True)


def test_a_compressed_answer_is_refused(api):
    """A few bytes of it could become gigabytes."""
    api.replies["/"] = Reply(200, b"\x1f\x8b", {"Content-Encoding": "gzip"})
    with pytest.raises(OutboundFailed, match="compressed"):
        get(f"{api.url}/", AllowedHosts.of([api.host]))
    assert api.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("charset", ["punycode", "idna", "undefined", "zlib", "\x01", "nothing"])
def test_a_codec_that_is_no_charset_is_not_used(charset):
    """Some of them raise, and the time that others take grows with the square of the length."""
    answer = OutboundAnswer(200, "", "text/plain", charset, "a-가".encode(), cut=False)
    assert answer.text == "a-가"


def test_proxies_of_the_environment_are_not_used(api, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert get(f"{api.url}/", AllowedHosts.of([api.host])).status == 200


def test_a_server_that_is_not_there_is_named_without_what_was_sent(api):
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    with pytest.raises(OutboundFailed) as failed:
        get(f"http://127.0.0.1:{port}/", AllowedHosts.of(["127.0.0.1"]))
    assert str(failed.value) == "127.0.0.1: no connection"
    assert "s3cret" not in str(failed.value)


def test_a_server_that_does_not_answer_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = OutboundClient(AllowedHosts.of(["127.0.0.1"]))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(OutboundFailed, match=r"within 0\.2 seconds"):
            asyncio.run(client.send(OutboundRequest("GET", url, seconds=0.2), most_bytes=10))
