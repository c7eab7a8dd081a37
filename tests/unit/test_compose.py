"""`compose.yaml` and `deploy/` fit together and fit the settings; it takes no Docker to see it."""

import ipaddress
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from moto.server import ThreadedMotoServer

from app.core.config import Settings
from tests.support.nginx import DEPLOY

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
NGINX = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
EXAMPLE = (DEPLOY / "env.example").read_text(encoding="utf-8")
# `${NAME}`, `${NAME:-what else}`, `${NAME:?what to say}`; `$$` is a dollar.
NAMED = re.compile(r"\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}")
# What compose itself reads from `.env`, and what S3's own tools read.
NOT_SETTINGS = {"POSTGRES_PASSWORD", "S3_SECRET_KEY", "SERVER_NAME"}
SETTINGS = {name.upper() for name in Settings.model_fields}
FILLED_IN = {
    "API_KEYS": '["site:key-of-the-site"]',
    "POSTGRES_PASSWORD": "of-the-database",
    "S3_SECRET_KEY": "of-the-store",
}


def composed(**values: str) -> dict[str, Any]:
    """Return what compose makes of the file where `.env` says so."""

    def text(found: re.Match[str]) -> str:
        name, sign, rest = found.groups()
        if name is None:
            return "$"
        if not values.get(name):
            assert sign == "-", f"{name}: {rest}"
        return values.get(name) or rest

    def filled(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: filled(value) for key, value in part.items()}
        if isinstance(part, list):
            return [filled(value) for value in part]
        return NAMED.sub(text, part) if isinstance(part, str) else part

    contents: dict[str, Any] = filled(yaml.safe_load(COMPOSE))
    return contents


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = composed(**FILLED_IN)["services"]
    return found


@pytest.fixture
def settings(services, monkeypatch) -> Settings:
    """What a server makes of its environment."""
    for name in os.environ:
        if name in SETTINGS:
            monkeypatch.delenv(name)
    for name, value in services["server-1"]["environment"].items():
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None)


def test_it_is_as_the_specification_wants_it():
    pytest.importorskip("check_jsonschema", reason="check-jsonschema, which has the schema")
    schema = ["--builtin-schema", "vendor.compose-spec", str(ROOT / "compose.yaml")]
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_every_setting_that_is_named_exists(services):
    for name in ("server-1", "server-2"):
        environment = services[name]["environment"]
        assert environment == services["server-1"]["environment"]
        assert {key for key in environment if not key.startswith("AWS_")} <= SETTINGS
    mentioned = set(re.findall(r"^(?:# )?([A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))
    assert mentioned - NOT_SETTINGS <= SETTINGS


def test_no_secret_is_written_down():
    demanded = {name for name, sign, _ in NAMED.findall(COMPOSE) if sign == "?"}
    assert demanded == set(FILLED_IN)
    given = {name for name, sign, _ in NAMED.findall(COMPOSE) if sign != "?"}
    assert not [name for name in given if re.search("KEY|PASSWORD|SECRET", name)]
    # The example asks for each, and has none.
    for name in demanded:
        assert re.search(rf"^{name}=$", EXAMPLE, re.MULTILINE), name
    without = {**FILLED_IN, "API_KEYS": ""}
    with pytest.raises(AssertionError, match="put API_KEYS into"):
        composed(**without)


def test_compose_passes_the_other_services_to_the_servers(services, settings):
    address = settings.database_url
    postgres = services["postgres"]["environment"]
    assert (
        address
        == "postgresql://{POSTGRES_USER}:{POSTGRES_PASSWORD}@postgres/{POSTGRES_DB}".format(
            **postgres
        )
    )
    environment, store = services["server-1"]["environment"], services["store"]["environment"]
    assert environment["AWS_ENDPOINT_URL"] == f"http://store{store['VGW_PORT']}"
    assert environment["AWS_ACCESS_KEY_ID"] == store["ROOT_ACCESS_KEY_ID"]
    assert environment["AWS_SECRET_ACCESS_KEY"] == store["ROOT_SECRET_ACCESS_KEY"]
    assert settings.redis_url == "redis://redis:6379/0"
    assert (settings.host, settings.port) == ("0.0.0.0", 8010)
    for name in ("postgres", "redis", "store"):
        assert services[name]["networks"] == ["back"]
        assert "ports" not in services[name]


def test_only_nginx_is_believed(services):
    addresses = {
        name: services[name]["networks"]["front"]["ipv4_address"]
        for name in ("nginx", "server-1", "server-2")
    }
    assert services["server-1"]["environment"]["TRUSTED_PROXIES"] == f'["{addresses["nginx"]}"]'
    (config,) = composed(**FILLED_IN)["networks"]["front"]["ipam"]["config"]
    network = ipaddress.ip_network(config["subnet"])
    assert all(ipaddress.ip_address(address) in network for address in addresses.values())
    # nginx asks just these two.
    environment = services["nginx"]["environment"]
    for number in (1, 2):
        server = services[f"server-{number}"]
        assert environment[f"SERVER_{number}"] == (
            f"{addresses[f'server-{number}']}:{server['environment']['PORT']}"
        )


def test_compose_passes_every_variable_of_the_nginx_configuration(services):
    nginx = services["nginx"]
    assert set(re.findall(r"\$\{([A-Z0-9_]+)\}", NGINX)) == set(nginx["environment"])
    published = {mapping.split(":")[1] for mapping in nginx["ports"]}
    assert published == {nginx["environment"][name] for name in ("HTTP_PORT", "HTTPS_PORT")}
    folders = {volume.split(":")[1] for volume in nginx["volumes"]}
    assert {nginx["environment"]["TLS_FOLDER"], nginx["environment"]["ACME_FOLDER"]} <= folders


def test_nginx_waits_longer_and_takes_more_than_the_servers(services, settings):
    def number(directive: str) -> int:
        found = re.search(rf"^\s*{directive} (\d+)[sm];", NGINX, re.MULTILINE)
        assert found, directive
        return int(found[1])

    mebibyte = 1024 * 1024
    assert number("proxy_read_timeout") > settings.run_expires_seconds
    assert number("client_max_body_size") * mebibyte > settings.max_body_bytes
    upload = int(services["nginx"]["environment"]["MAX_UPLOAD"].removesuffix("m"))
    assert upload * mebibyte > settings.max_file_bytes
    # Shorter than what uvicorn keeps an idle connection for.
    assert number("keepalive_timeout") < 5
    stop = int(services["server-1"]["stop_grace_period"].removesuffix("s"))
    assert stop > settings.shutdown_seconds


def test_everything_starts_again_and_is_looked_at(services):
    for name, service in services.items():
        assert service["restart"], name
        assert service["logging"], name
        # The servers' check is their image's, and the bucket's maker ends.
        assert "healthcheck" in service or name in ("server-1", "server-2", "bucket")
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    named = set(composed(**FILLED_IN)["volumes"])
    used = {
        volume.split(":")[0]
        for service in services.values()
        for volume in service.get("volumes", [])
    }
    assert named == {volume for volume in used if "/" not in volume}


@pytest.fixture
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.mark.skipif(not shutil.which("curl"), reason="not installed: curl")
def test_the_bucket_is_made_once(services, s3):
    bucket = services["bucket"]
    environment = {**os.environ, **bucket["environment"], "AWS_ENDPOINT_URL": s3}
    for _ in range(2):
        done = subprocess.run(
            [*bucket["entrypoint"], *bucket["command"]],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert environment["AWS_SECRET_ACCESS_KEY"] not in done.stdout
    assert "<Name>threadkeeper</Name>" in httpx.get(s3).text
