"""Settings into upstreams: the one place that knows which there are.

Everything else asks `core/upstreams.py`. Another provider is another `Upstream` in
`configured_upstreams`.
"""

from collections.abc import Sequence
from dataclasses import replace

from app.core.config import Settings
from app.core.embeddings import OpenAIEmbedder
from app.core.upstream import Upstream
from app.core.upstreams import Upstreams
from app.services.written_assistants import Configured


def configured_upstreams(settings: Settings) -> Sequence[Upstream]:
    """Return the upstreams, first the one that answers for every model no other one names."""
    key = settings.openai_api_key.get_secret_value()
    if not key and not settings.openai_base_url:
        return [Upstream("demo", "demo", settings.context_window, aliases=settings.model_aliases)]
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
    return [replace(upstream, name=upstream.mode)]


def embedder(settings: Settings, upstreams: Upstreams) -> OpenAIEmbedder | None:
    """Return what embeds texts, at the upstream of its model; None: nothing does."""
    if not settings.embedding_model:
        return None
    upstream = upstreams.of(settings.embedding_model)
    if upstream.kind == "demo":
        return None
    return OpenAIEmbedder(upstream, settings.embedding_model)


def model_names(settings: Settings, upstreams: Upstreams, wanted: Configured) -> list[str]:
    """Return every model's name that is configured, the default one first."""
    assistants = [written.body.model for written in wanted.written]
    known = [name for upstream in upstreams for name in upstream.known_names()]
    return [settings.openai_model, *assistants, *known]


def sent_names(upstreams: Upstreams, names: Sequence[str]) -> list[str]:
    """Return by which names the upstreams are asked for models of these names."""
    return [upstreams.of(name).sent_name(name) for name in names]
