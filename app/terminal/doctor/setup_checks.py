"""Checks of Python, the clock, the sandbox, the settings, and who they give access to."""

import platform
import re
import stat
import sys
from collections.abc import Collection
from datetime import UTC, datetime

from app.core import fence
from app.core.config import Settings, has_keys
from app.core.config_loading import SettingsError, unknown_settings
from app.core.env_file import ENV_FILE, env_file_values
from app.core.private_files import data_places, open_to_others
from app.core.providers_file import named_variables
from app.terminal.doctor.findings import Finding, failure, ok, warning
from app.terminal.language import Said

# Each error begins with the setting's name; some have several lines.
_BETWEEN_FAULTS = re.compile(r"\n(?=[A-Z_.]+: )", re.IGNORECASE)
_OLDEST_PYTHON = (3, 11)
# This program did not exist before this day, so an earlier time is wrong.
_NEVER_BEFORE = datetime(2026, 8, 26, tzinfo=UTC)


def python_finding() -> Finding:
    version = platform.python_version()
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return failure("python", _OLD_PYTHON.filled(version=version), _NEWER_PYTHON)
    return ok("python", Said(f"Python {version}", f"Python {version}"))


def clock_finding(now: datetime) -> Finding:
    shown = now.strftime("%Y-%m-%d %H:%M UTC")
    if now < _NEVER_BEFORE:
        return failure("clock", _WRONG_CLOCK.filled(now=shown), _SET_CLOCK)
    return ok("clock", _CLOCK.filled(now=shown))


def fence_finding() -> Finding:
    """Check whether the processes that read files can be sandboxed."""
    if lacking := fence.missing():
        return warning("fence", _NO_FENCE.filled(lacking=lacking), _TRUST_FILES)
    return ok("fence", _FENCE)


def settings_findings(error: SettingsError | None, others: Collection[str] = ()) -> list[Finding]:
    """Report every invalid setting, or that all settings are valid.

    `others` are names of variables that the providers file uses.
    """
    if error is not None:
        faults = _BETWEEN_FAULTS.split(str(error))
        return [failure("settings", Said(fault, fault), _FIX_SETTING) for fault in faults]
    return [ok("settings", _FROM_FILE if ENV_FILE.is_file() else _NO_FILE), *_unknown_names(others)]


def _unknown_names(others: Collection[str]) -> list[Finding]:
    return [
        warning(
            "unknown_setting",
            _UNKNOWN.filled(name=name),
            _MEANT.filled(nearest=nearest) if nearest else _SEE_SETTINGS,
        )
        for name, nearest in unknown_settings(others)
    ]


def safety_findings(settings: Settings) -> list[Finding]:
    """Check whether strangers could use the server or read its keys."""
    return [
        _exposure(settings),
        *_public_chat(settings),
        *_origins(settings),
        *_env_file(settings),
        *_data_files(settings),
    ]


def _exposure(settings: Settings) -> Finding:
    if settings.api_keys:
        return ok("access", _KEYS)
    if has_keys(settings):
        return ok("access", _ADMIN_KEY)
    if settings.serves_this_machine_only:
        return ok("access", _LOCAL.filled(host=settings.host))
    # Without ALLOW_OPEN, `load_settings` would have refused these settings.
    return warning("access", _OPEN.filled(host=settings.host), _OPEN_MEANT)


def _public_chat(settings: Settings) -> list[Finding]:
    budgets = settings.token_budgets
    if not settings.public_chat or settings.public_project in budgets or "*" in budgets:
        return []
    advice = _SET_BUDGET.filled(project=settings.public_project)
    return [warning("public_chat", _NO_BUDGET, advice)]


def _origins(settings: Settings) -> list[Finding]:
    if "*" not in settings.cors_origins:
        return []
    return [warning("origins", _ANY_ORIGIN, _NAME_ORIGINS)]


def _env_file(settings: Settings) -> list[Finding]:
    """Warn if `.env` contains keys and every user of the machine can read it."""
    has_secrets = bool(
        settings.openai_api_key.get_secret_value()
        or has_keys(settings)
        or settings.secrets_key.get_secret_value()
        or named_variables(settings.providers_file) & env_file_values().keys()
    )
    try:
        mode = ENV_FILE.stat().st_mode
    except OSError:
        return []
    # Windows stores permissions elsewhere and reports the same mode for every file.
    if not has_secrets or sys.platform == "win32" or not mode & stat.S_IROTH:
        return []
    return [warning("env_file", _READABLE, _CHMOD)]


def _data_files(settings: Settings) -> list[Finding]:
    """Warn of data that other users of the machine can read; a start takes that access away."""
    places = data_places(settings.database_url, settings.files_url, settings.log_file)
    found = ", ".join(map(str, open_to_others(places)))
    return [warning("data_files", _OPEN_DATA.filled(places=found), _START_ONCE)] if found else []


_OPEN_DATA = Said(
    "Other users of this machine can open these: {places}",
    "이 컴퓨터의 다른 사용자가 열 수 있는 파일과 폴더: {places}",
)
_START_ONCE = Said(
    "Start the server once as their owner, which takes that access away, or run chmod go= on them.",
    "소유자로 서버를 한 번 시작하면 접근 권한이 제거됩니다. 또는 chmod go=를 실행해 주세요.",
)
_OLD_PYTHON = Said("Python {version} is too old.", "Python 버전이 너무 낮습니다({version}).")
_NEWER_PYTHON = Said(
    "Install Python 3.11 or newer, and start with ./run.sh.",
    "Python 3.11 이상을 설치하고 ./run.sh로 시작해 주세요.",
)
_FENCE = Said(
    "Processes that read files run in a sandbox.",
    "파일을 읽는 프로세스는 샌드박스에서 실행됩니다.",
)
_NO_FENCE = Said(
    "Processes that read files have resource limits but no sandbox: {lacking}.",
    "파일을 읽는 프로세스에 자원 제한만 있고 샌드박스는 없습니다. x86-64나 arm64의 리눅스 5.13 "
    "이상에서 Landlock과 seccomp을 켜야 합니다.",
)
_TRUST_FILES = Said(
    "A malicious file that exploits its reader would get the server's permissions: see SECURITY.md",
    "악성 파일이 읽기 프로그램의 취약점을 이용하면 서버와 같은 권한을 얻습니다. "
    "자세한 내용은 SECURITY.md에 있습니다.",
)
_CLOCK = Said("The clock shows {now}.", "현재 시각: {now}")
_WRONG_CLOCK = Said("The clock is wrong: it shows {now}.", "시계가 틀렸습니다: {now}")
_SET_CLOCK = Said(
    "Set the machine's clock (timedatectl set-ntp true): keys, leases and expiry depend on it.",
    "컴퓨터의 시계를 맞춰 주세요(timedatectl set-ntp true). 키, 임대(lease), 만료 시각이 시계에 "
    "의존합니다.",
)
_FIX_SETTING = Said(
    "Fix it in .env or in the environment; .env.example shows every setting.",
    ".env나 환경 변수에서 고쳐 주세요. 모든 설정은 .env.example에 있습니다.",
)
_UNKNOWN = Said(
    ".env: there is no setting {name}, so it has no effect.",
    ".env: {name} 설정은 없으므로 아무 효과가 없습니다.",
)
_MEANT = Said("Did you mean {nearest}?", "혹시 {nearest} 설정을 쓰려고 하셨나요?")
_SEE_SETTINGS = Said(
    "Remove it; .env.example shows every setting.",
    "지워 주세요. 모든 설정은 .env.example에 있습니다.",
)
_FROM_FILE = Said(
    "All settings are valid (from .env and the environment).",
    "모든 설정이 올바릅니다(.env와 환경 변수).",
)
_NO_FILE = Said(
    "All settings are valid (from the environment and defaults; there is no .env here).",
    "모든 설정이 올바릅니다(여기에 .env가 없어 환경 변수와 기본값을 씁니다).",
)
_KEYS = Said("Calls need a key.", "호출에는 키가 필요합니다.")
_ADMIN_KEY = Said(
    "Calls need a key, and ADMIN_KEY manages them while the server runs.",
    "호출에는 키가 필요하며, 서버 실행 중에 ADMIN_KEY로 키를 관리합니다.",
)
_LOCAL = Said(
    "No key is needed, and only this machine can call ({host}). Behind a proxy, set API_KEYS: "
    "without keys, requests through a proxy are refused.",
    "키 없이 쓸 수 있고, 이 컴퓨터에서만 호출할 수 있습니다({host}). 프록시 뒤에 둘 때는 "
    "API_KEYS를 설정해 주세요. 키가 없으면 프록시를 거친 요청은 거절합니다.",
)
_OPEN = Said(
    "Anyone who can reach {host} may call: no key is needed.",
    "{host}에 접속할 수 있으면 누구나 키 없이 호출할 수 있습니다.",
)
_OPEN_MEANT = Said(
    "ALLOW_OPEN allows this. Make sure that something in front of the server restricts access.",
    "ALLOW_OPEN 설정으로 허용되어 있습니다. 서버 앞에서 접근을 제한하고 있는지 확인해 주세요.",
)
_NO_BUDGET = Said(
    "Visitors of your pages can use any number of tokens (PUBLIC_CHAT).",
    "웹사이트 방문자가 토큰을 한도 없이 쓸 수 있습니다(PUBLIC_CHAT).",
)
_SET_BUDGET = Said(
    'Set a daily limit: TOKEN_BUDGETS={{"{project}": 1000000}}',
    '하루 한도를 정해 주세요: TOKEN_BUDGETS={{"{project}": 1000000}}',
)
_ANY_ORIGIN = Said(
    "Pages of any website can call the server from their visitors' browsers (CORS_ORIGINS).",
    "모든 웹사이트의 페이지가 방문자의 브라우저에서 서버를 호출할 수 있습니다(CORS_ORIGINS).",
)
_NAME_ORIGINS = Said(
    'List the allowed sites: CORS_ORIGINS=["https://www.example.org"]',
    '허용할 사이트를 지정해 주세요: CORS_ORIGINS=["https://www.example.org"]',
)
_READABLE = Said(
    "Every user of this machine can read .env and the keys in it.",
    "이 컴퓨터의 모든 사용자가 .env와 그 안의 키를 읽을 수 있습니다.",
)
_CHMOD = Said("chmod 600 .env", "chmod 600 .env")
