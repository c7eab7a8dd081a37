"""Settings and the providers file into upstreams: the one place that knows which there are.

Everything else asks `core/upstreams.py`.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from app.core.config import Settings
from app.core.env_file import environment_value
from app.core.later_embedder import LaterEmbedder
from app.core.open_files import calls_within, open_files
from app.core.providers_file import Defaults, load_providers
from app.core.upstream import Upstream
from app.core.upstream_choice import UpstreamChoice
from app.knowledge.builtin_model import (
    BUILTIN,
    REQUIREMENTS,
    BuiltinEmbedder,
    builtin_is_installed,
)
from app.services.written_assistants import Configured

logger = logging.getLogger(__name__)

# The settings without effect if the providers file names upstreams.
_REPLACED = ("openai_base_url", "openai_api", "model_aliases")


def configured_upstreams(settings: Settings) -> Sequence[Upstream]:
    """Return the upstreams, first the one that answers for every model no other one names.

    Raises `StartError` if the providers file is invalid.
    """
    defaults = Defaults(
        settings.context_window, settings.openai_timeout, settings.openai_max_retries
    )
    written = load_providers(
        settings.providers_file,
        defaults,
        environment_value,
        may_be_missing=settings.may_lack_providers,
    )
    return written or [_of_settings(settings)]


def most_model_calls(settings: Settings) -> int:
    """Return how many calls to models this process makes at once."""
    possible = calls_within(open_files())
    if settings.max_model_calls > possible:
        logger.warning(
            "MAX_MODEL_CALLS is %d, but the limit of open files allows only %d calls at once",
            settings.max_model_calls,
            possible,
        )
    return settings.max_model_calls or possible


def ignored_settings(settings: Settings, upstreams: Sequence[Upstream]) -> list[str]:
    """Return the settings that have no effect because these upstreams come from a file."""
    if upstreams[0].of_settings:
        return []
    fields = Settings.model_fields
    return [name.upper() for name in _REPLACED if getattr(settings, name) != fields[name].default]


def _of_settings(settings: Settings) -> Upstream:
    key = settings.openai_api_key.get_secret_value()
    if not key and not settings.openai_base_url:
        return Upstream("demo", "demo", settings.context_window, aliases=settings.model_aliases)
    upstream = Upstream(
        "openai",
        settings.openai_api,
        settings.context_window,
        address=settings.openai_base_url,
        key=key,
        timeout=settings.openai_timeout,
        max_retries=settings.openai_max_retries,
        aliases=settings.model_aliases,
    )
    # Named as `/health` calls it.
    return replace(upstream, name=upstream.mode)


def embedding_target(settings: Settings, upstreams: UpstreamChoice) -> tuple[Upstream, str] | None:
    """Return which upstream embeds texts, and with which model; None: none of them does."""
    named = next((one for one in upstreams if one.embedding_model), None)
    model = settings.embedding_model
    if named is not None and model in ("", named.embedding_model):
        return named, named.embedding_model
    if model in ("", BUILTIN):
        return None
    upstream = upstreams.of(model)
    return None if upstream.kind == "demo" else (upstream, model)


def embedder(
    settings: Settings, upstreams: UpstreamChoice
) -> LaterEmbedder | BuiltinEmbedder | None:
    """Return what embeds texts; None: nothing does."""
    if settings.embedding_model == BUILTIN:
        if builtin_is_installed():
            return BuiltinEmbedder()
        logger.warning(
            "vector stores are searched by words only: EMBEDDING_MODEL is %s, and the packages of "
            "%s are not installed",
            BUILTIN,
            REQUIREMENTS,
        )
        return None
    target = embedding_target(settings, upstreams)
    return LaterEmbedder(*target) if target else None


def model_names(settings: Settings, upstreams: UpstreamChoice, wanted: Configured) -> list[str]:
    """Return every model's name that is configured, the default one first."""
    assistants = [written.body.model for written in wanted.written]
    known = [name for upstream in upstreams for name in upstream.known_names()]
    return [settings.openai_model, *assistants, *known]


def sent_names(upstreams: UpstreamChoice, names: Sequence[str]) -> list[str]:
    """Return by which names the upstreams are asked for models of these names."""
    return [target.model for name in names for target in upstreams.targets(name)]
