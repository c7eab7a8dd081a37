"""A server without keys behind a real nginx on its own machine: nobody gets in through that."""

import httpx
import pytest

from tests.support.nginx import NGINX, plain_nginx
from tests.support.server import forked_server
from tests.support.talk import error_of

pytestmark = pytest.mark.skipif(NGINX is None, reason="not installed: nginx")

SITE = {"host": "www.mysite.kr"}
# What a location may hold besides `proxy_pass`, from nothing to what guides recommend.
LOCATIONS = {
    "bare": "",
    "http 1.1": 'proxy_http_version 1.1; proxy_set_header Connection ""; '
    "proxy_set_header X-Real-IP $remote_addr;",
    "host": "proxy_set_header Host $host;",
    "forwarded": "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
}
CALLS = [
    ("GET", "/api/v1/threads"),
    ("DELETE", "/api/v1/threads?all=true"),
    ("POST", "/api/v1/chat"),
    ("POST", "/api/v1/chat/sessions"),
    ("GET", "/metrics"),
]


@pytest.mark.parametrize("lines", LOCATIONS.values(), ids=LOCATIONS)
@pytest.mark.parametrize("prefix", ["", "/openai-api"])
def test_requests_through_a_proxy_are_refused(tmp_path, lines, prefix):
    more = {"CORS_ORIGINS": '["http://www.mysite.kr"]', "PUBLIC_CHAT": "true"}
    with forked_server(tmp_path, **more) as server:
        thread = server.http.post("/chat", json={"message": "mine alone"}).json()["thread_id"]
        location = f"location {prefix}/ {{ proxy_pass {server.base_url}/; {lines} }}"
        with (
            plain_nginx(tmp_path / "nginx", location) as front,
            httpx.Client(base_url=f"{front}{prefix}", headers=SITE) as http,
        ):
            for method, path in CALLS:
                body = {"message": "x"} if path.endswith("/chat") else None
                answer = http.request(method, path, json=body)
                error = error_of(answer, 403)
                assert error["code"] == "not_local"
                assert "API_KEYS" in error["message"]
            # A load balancer may ask whether it lives; the pages hold nothing of anybody's.
            for path in ("/api/v1/health", "/api/v1/ready", "/api/v1/access", "/"):
                assert http.get(path).status_code == 200
        assert [one["id"] for one in server.http.get("/threads").json()["data"]] == [thread]


def test_with_a_key_requests_through_a_bare_proxy_are_served(tmp_path):
    with forked_server(tmp_path, API_KEYS='["shop:key-of-the-shop-1234"]') as server:
        location = f"location / {{ proxy_pass {server.base_url}; }}"
        with (
            plain_nginx(tmp_path / "nginx", location) as front,
            httpx.Client(base_url=front, headers=SITE) as http,
        ):
            assert http.get("/api/v1/threads").status_code == 401
            key = {"authorization": "Bearer key-of-the-shop-1234"}
            assert http.get("/api/v1/threads", headers=key).status_code == 200
