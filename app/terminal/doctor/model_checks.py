"""Checks of the providers file, and of models that OpenAI retires."""

from collections.abc import Iterable, Sequence

from app.core.config import Settings
from app.core.model_list import NotListed, list_models
from app.core.retirements import Retirement, Retirements, today
from app.core.upstream import Upstream
from app.core.upstream_choice import UpstreamChoice
from app.db.checks import DatabaseFault, assistant_models, sqlite_file
from app.domain.errors import StartError
from app.providers import configured_upstreams, ignored_settings
from app.terminal.doctor.findings import Finding, failure, ok, warning
from app.terminal.language import Said

_SECONDS = 10.0


def found_upstreams(settings: Settings) -> tuple[Sequence[Upstream], list[Finding]]:
    """Return the configured upstreams, and what is to say about their file."""
    try:
        upstreams = configured_upstreams(settings)
    except StartError as error:
        lines = str(error).splitlines()
        return [], [failure("providers", Said(line, line), _FIX) for line in lines]
    if upstreams[0].of_settings:
        return upstreams, []
    file = settings.providers_file
    findings = [ok("providers", _PROVIDERS.filled(count=len(upstreams), file=file))]
    if ignored := ignored_settings(settings, upstreams):
        said = _IGNORED.filled(names=", ".join(ignored), file=file)
        findings.append(warning("providers", said, _REMOVE))
    return upstreams, findings


async def retirement_findings(
    settings: Settings, upstreams: UpstreamChoice, configured: Iterable[str]
) -> list[Finding]:
    """Warn of models in use, in the settings or by assistants, that are shut down."""
    if not upstreams.retirements.active:
        return []
    await _correct(upstreams)
    models = dict.fromkeys([settings.openai_model, *configured, *_of_assistants(settings)])
    found = [retirement for model in models if (retirement := upstreams.retirement(model))]
    found.sort(key=lambda retirement: retirement.shutdown)
    return [_finding(upstreams.retirements, retirement) for retirement in found]


async def _correct(upstreams: UpstreamChoice) -> None:
    openai = next((one for one in upstreams if one.mode == "openai"), None)
    if openai is None:
        return
    try:
        listed = await list_models(openai, _SECONDS)
    except NotListed:
        return  # the check of the upstream says why
    upstreams.retirements.correct({one.id: one.shutdown for one in listed if one.dated})


def _of_assistants(settings: Settings) -> list[str]:
    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        return []
    try:
        return assistant_models(settings.database_url)
    except DatabaseFault:
        return []  # the check of the database says why


def _finding(retirements: Retirements, retirement: Retirement) -> Finding:
    day, over = retirement.shutdown, retirement.is_over(today())
    said = (_OVER if over else _COMING).filled(model=retirement.model, day=day)
    replacement = retirements.replacement_on(retirement.model, max(day, today()))
    if replacement is None:
        advice = _CHOOSE
    elif retirements.switches:
        advice = (_SWITCHED if over else _WILL_SWITCH).filled(replacement=replacement)
    else:
        advice = _USE.filled(replacement=replacement)
    return warning("retired_model", said, advice)


_PROVIDERS = Said("{count} provider(s) in {file}.", "{file}에 업스트림이 {count}개 있습니다.")
_FIX = Said(
    "Fix the file, or leave PROVIDERS_FILE empty.",
    "파일을 고치거나 PROVIDERS_FILE을 비워 주세요.",
)
_IGNORED = Said(
    "These settings have no effect, because {file} names the providers: {names}",
    "{file}에 업스트림이 있어 효과가 없는 설정: {names}",
)
_REMOVE = Said(
    "Remove them, or write them into the file.", "설정을 지우거나 그 내용을 파일에 적어 주세요."
)
_COMING = Said(
    "OpenAI shuts down the model {model} on {day}.", "OpenAI가 {day}에 종료하는 모델입니다: {model}"
)
_OVER = Said(
    "OpenAI shut down the model {model} on {day}.", "OpenAI가 {day}에 종료한 모델입니다: {model}"
)
_WILL_SWITCH = Said(
    "From then on {replacement} answers instead (RETIRED_MODELS). Try it, or choose another model.",
    "그때부터 {replacement} 모델이 대신 답합니다(RETIRED_MODELS). 미리 시험해 보거나 다른 모델을 "
    "골라 주세요.",
)
_SWITCHED = Said(
    "{replacement} answers instead (RETIRED_MODELS). Use its name, or choose another model.",
    "{replacement} 모델이 대신 답하고 있습니다(RETIRED_MODELS). 그 이름으로 바꾸거나 다른 모델을 "
    "골라 주세요.",
)
_USE = Said(
    "Use {replacement} instead, which OpenAI recommends.",
    "OpenAI가 권하는 {replacement} 모델로 바꿔 주세요.",
)
_CHOOSE = Said("Choose another model.", "다른 모델을 골라 주세요.")
