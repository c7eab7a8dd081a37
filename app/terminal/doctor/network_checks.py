"""Checks of the upstreams, Redis, and the server's own port."""

import asyncio
import errno
import socket
from dataclasses import replace
from urllib.parse import urlsplit

from app.core.checks import Unreachable, ping_redis
from app.core.config import Settings
from app.core.reachability import Found, look_at
from app.core.retirements import Retirements
from app.core.upstream import APIS, PATHS, Upstream
from app.core.upstream_choice import UpstreamChoice
from app.providers import embedding_target
from app.terminal.client import Client
from app.terminal.doctor.findings import Finding, failure, ok, warning
from app.terminal.doctor.model_checks import found_upstreams, retirement_findings
from app.terminal.failures import Failure
from app.terminal.language import Said

_SECONDS = 10.0
# Paths that users often paste along with a base URL.
_ENDPOINTS = ("/responses", "/chat/completions", "/completions", "/models", "/embeddings")


async def upstream_findings(settings: Settings) -> list[Finding]:
    """Check for each upstream whether it answers, accepts the key and has the models."""
    configured, findings = found_upstreams(settings)
    if not configured:
        return findings
    upstreams = UpstreamChoice(configured, Retirements.load(settings.retired_models))
    looked = await asyncio.gather(*(_look_at(one, upstreams, settings) for one in upstreams))
    findings += [finding for found in looked for finding in found]
    named = [name for upstream in upstreams for name in upstream.known_names()]
    return findings + await retirement_findings(settings, upstreams, named)


async def _look_at(
    upstream: Upstream, upstreams: UpstreamChoice, settings: Settings
) -> list[Finding]:
    if upstream.kind == "demo":
        return [warning("upstream", _DEMO, _SET_MODEL)]
    place = upstream.place
    found = await look_at(upstream, _SECONDS)
    match found.reach:
        case "refused":
            advice = _CHECK_KEY.filled(setting=upstream.key_setting)
            return [failure("upstream", _REFUSED.filled(place=place), advice)]
        case "not_found":
            return [await _no_api(upstream)]
        case "unreachable":
            said = _NO_UPSTREAM.filled(place=place, reason=found.reason)
            advice = _CHECK_UPSTREAM.filled(setting=upstream.address_setting)
            return [failure("upstream", said, advice)]
        case "ok":
            return [
                ok("upstream", _answers(upstream, found)),
                *_missing(upstream, upstreams, settings, found.models),
            ]


def _answers(upstream: Upstream, found: Found) -> Said:
    if found.api is None:
        return _UPSTREAM.filled(place=upstream.place)
    return _UPSTREAM_WITH_API.filled(place=upstream.place, api=_API_NAMES[found.api])


async def _no_api(upstream: Upstream) -> Finding:
    """Report that an address lacks the API, and suggest what is similar and has one."""
    urls = ", ".join(f"{upstream.shown_address}/{PATHS[api]}" for api in APIS[upstream.kind])
    said = _NO_API.filled(name=upstream.name, urls=urls)
    if (await look_at(replace(upstream, kind="auto"), _SECONDS)).reach == "ok":
        return failure("upstream", said, _OTHER_API.filled(setting=upstream.api_setting))
    setting = upstream.address_setting
    for address in _nearby(upstream.address):
        nearby = replace(upstream, address=address)
        found = await look_at(nearby, _SECONDS)
        if found.reach == "ok":
            advice = _OTHER_URL.filled(setting=setting, url=nearby.shown_address)
            return failure("upstream", said, advice)
    return failure("upstream", said, _CHECK_URL.filled(setting=setting))


def _nearby(url: str) -> list[str]:
    """Return addresses that may have been meant: without an endpoint, or with the version."""
    base = next((url.removesuffix(end) for end in _ENDPOINTS if url.endswith(end)), url)
    return [one for one in (base, f"{base}/v1") if one != url]


def _missing(
    upstream: Upstream, upstreams: UpstreamChoice, settings: Settings, models: frozenset[str] | None
) -> list[Finding]:
    """Warn of configured models of this upstream that it does not list."""
    if models is None:
        return []
    return [
        warning(
            "model",
            _NO_MODEL.filled(place=upstream.place, setting=setting, model=model),
            _SEE_MODELS,
        )
        for model, setting in _wanted(upstream, upstreams, settings).items()
        if model not in models
    ]


def _wanted(upstream: Upstream, upstreams: UpstreamChoice, settings: Settings) -> dict[str, str]:
    """Return the models that the upstream is asked for, by the name sent, and who says so."""
    wanted: dict[str, str] = {}
    for target in upstreams.targets(settings.openai_model):
        if target.upstream is upstream:
            wanted[target.model] = "OPENAI_MODEL"
    embedding = embedding_target(settings, upstreams)
    if embedding is not None and embedding[0] is upstream:
        named = upstream.embedding_model == embedding[1]
        wanted[embedding[1]] = f"embedding_model of {upstream.name}" if named else "EMBEDDING_MODEL"
    # Those of MODEL_ALIASES may be for assistants that are long gone.
    for name in [] if upstream.of_settings else upstream.known_names():
        for target in upstreams.targets(name):
            if target.upstream is upstream:
                wanted.setdefault(target.model, f"models of {upstream.name}")
    return wanted


async def redis_findings(settings: Settings) -> list[Finding]:
    if not settings.redis_url:
        return []
    # Only the host: a user and a password may come before it.
    place = urlsplit(settings.redis_url).hostname or ""
    try:
        await ping_redis(settings.redis_url)
    except Unreachable as error:
        said = _NO_REDIS.filled(place=place, reason=error)
        return [failure("redis", said, _CHECK_REDIS)]
    return [ok("redis", _REDIS.filled(place=place))]


def port_finding(settings: Settings) -> Finding:
    """Check whether the server could listen; a server that is already running is fine."""
    host, port = settings.host, settings.port
    try:
        _listen(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            if _serves(host, port):
                return ok("port", _RUNNING.filled(port=port))
            return failure("port", _TAKEN.filled(host=host, port=port), _OTHER_PORT)
        said = _NO_PORT.filled(host=host, port=port, reason=error.strerror or error)
        return failure("port", said, _OTHER_PORT)
    return ok("port", (_FREE if port else _ANY_PORT).filled(host=host, port=port))


def _listen(host: str, port: int) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as listener:
        # As the server does: recently closed connections must not block the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1)


def _serves(host: str, port: int) -> bool:
    # A server that listens on all addresses answers on loopback too.
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    client: Client | None = None
    try:
        client = Client(f"http://{host}:{port}", "")
        return "version" in client.get("/health")
    except Failure:
        return False
    finally:
        if client is not None:
            client.close()


_DEMO = Said(
    "The built-in demo model answers: no model is set.",
    "설정된 모델이 없어 내장 데모 모델이 답합니다.",
)
_SET_MODEL = Said(
    "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a model of your own.",
    "OPENAI_API_KEY를 설정하거나, 직접 운영하는 모델의 주소를 OPENAI_BASE_URL에 설정해 주세요.",
)
_UPSTREAM = Said("The upstream {place} answers.", "업스트림이 응답합니다: {place}")
_REFUSED = Said("The upstream {place} refuses the key.", "업스트림이 키를 거절합니다: {place}")
_CHECK_KEY = Said(
    "Check that {setting} is complete and is a key for this server.",
    "키가 잘리지 않았는지, 이 서버의 키인지 확인해 주세요: {setting}",
)
_NO_UPSTREAM = Said(
    "The upstream {place} does not answer: {reason}",
    "업스트림이 응답하지 않습니다: {place}, {reason}",
)
_CHECK_UPSTREAM = Said(
    "Check {setting}, the network, and that the upstream is running.",
    "네트워크와 업스트림이 정상인지, 주소가 맞는지 확인해 주세요: {setting}",
)
_API_NAMES = {"responses": "Responses API", "chat_completions": "Chat Completions API"}
_UPSTREAM_WITH_API = Said(
    "The upstream {place} answers. It is called by the {api}.",
    "업스트림이 응답합니다: {place}, 호출하는 API: {api}",
)
_NO_API = Said(
    "The upstream {name} answers, but not at {urls}.",
    "업스트림({name})은 응답하지만 이 주소에는 응답하지 않습니다: {urls}",
)
_OTHER_API = Said(
    "The server offers another API: set {setting} to auto.",
    "서버가 다른 API를 제공합니다. 이 값을 auto로 바꿔 주세요: {setting}",
)
_OTHER_URL = Said("Set {setting} to {url}", "{setting} 값을 이 주소로 바꿔 주세요: {url}")
_CHECK_URL = Said(
    "Check that {setting} is complete (most end with /v1), and that the server offers the "
    "Responses API or Chat Completions.",
    "{setting} 주소가 완전한지(대개 /v1로 끝납니다), 서버가 Responses API나 Chat Completions를 "
    "제공하는지 확인해 주세요.",
)
_NO_MODEL = Said(
    "The upstream {place} does not list {model} ({setting}).",
    "업스트림의 목록에 없는 모델입니다: {model}({setting}), {place}",
)
_SEE_MODELS = Said(
    "Use the name of a model that the upstream offers, or map it with MODEL_ALIASES "
    "(in providers.yaml: aliases).",
    "업스트림이 제공하는 모델 이름으로 바꾸거나 MODEL_ALIASES(providers.yaml에서는 aliases)로 "
    "연결해 주세요.",
)
_REDIS = Said("Redis at {place} answers.", "Redis({place})가 응답합니다.")
_NO_REDIS = Said(
    "Redis at {place} does not answer: {reason}", "Redis({place})가 응답하지 않습니다: {reason}"
)
_CHECK_REDIS = Said(
    "Check REDIS_URL and that Redis is running, or leave REDIS_URL empty.",
    "REDIS_URL이 맞는지, Redis가 실행 중인지 확인하거나 REDIS_URL을 비워 주세요.",
)
_FREE = Said("Port {port} on {host} is free.", "{host}의 {port}번 포트를 쓸 수 있습니다.")
_ANY_PORT = Said(
    "The server will use any free port on {host}.", "{host}의 빈 포트 가운데 하나를 씁니다."
)
_RUNNING = Said(
    "A Threadkeeper is already running on port {port}.",
    "{port}번 포트에서 Threadkeeper가 이미 실행 중입니다.",
)
_TAKEN = Said(
    "Port {port} on {host} is in use by another program.",
    "{host}의 {port}번 포트를 다른 프로그램이 쓰고 있습니다.",
)
_NO_PORT = Said(
    "The server can't listen on {host}, port {port}: {reason}",
    "{host}의 {port}번 포트를 열 수 없습니다: {reason}",
)
_OTHER_PORT = Said(
    "Change HOST or PORT, or stop the other program.",
    "HOST나 PORT를 바꾸거나 다른 프로그램을 종료해 주세요.",
)
