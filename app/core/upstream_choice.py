"""Chooses the upstream for a model, and those to ask if that one fails."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from app.core.retirements import Retirement, Retirements
from app.core.upstream import Target, Upstream

# Clients choose the models' names, so this is bounded; the longest unused ones are forgotten.
_REMEMBERED = 256


class UpstreamChoice:
    """Chooses by a model's name: an exact one, then a pattern, each in the upstreams' order.

    The first upstream answers for all other models.
    """

    def __init__(
        self, upstreams: Sequence[Upstream], retirements: Retirements | None = None
    ) -> None:
        """Raises ValueError if there is none, or if two share a name, or for a fallback to none."""
        if not upstreams:
            raise ValueError("There is no upstream.")
        self._all = tuple(upstreams)
        self.retirements = retirements or Retirements.none()
        names = [upstream.name for upstream in upstreams]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"Several upstreams are named {twice[0]}.")
        self._by_name = dict(zip(names, self._all, strict=True))
        self._chosen = lru_cache(_REMEMBERED)(self._choose)
        self._targets = lru_cache(_REMEMBERED)(self._make_target)
        self._by_model: dict[str, Upstream] = {}
        for upstream in upstreams:
            for model in upstream.known_names():
                self._by_model.setdefault(model, upstream)
            for fallback in upstream.fallbacks:
                if fallback.upstream not in self._by_name:
                    raise ValueError(f"There is no upstream {fallback.upstream}.")

    def __iter__(self) -> Iterator[Upstream]:
        return iter(self._all)

    @property
    def default(self) -> Upstream:
        return self._all[0]

    def of(self, model: str) -> Upstream:
        """Return the upstream that answers requests for a model of this name."""
        return self._chosen(model)

    def names(self, model: str) -> bool:
        """Return whether an upstream's name or pattern fits the model, other than by default."""
        return model in self._by_model or self._by_pattern(model) is not None

    def target(self, model: str) -> Target:
        """Return what is asked first for a model of this name."""
        return self._target(self.of(model), model)

    def targets(self, model: str) -> list[Target]:
        """Return what is asked for a model of this name: one after the other, if they fail."""
        first = self.of(model)
        found = [self._target(first, model)]
        for fallback in first.fallbacks:
            upstream = self._by_name[fallback.upstream]
            found.append(self._target(upstream, fallback.model or model))
        return found

    def retirement(self, model: str) -> Retirement | None:
        """Return when OpenAI shuts down the model that a request for this name asks it for."""
        upstream = self.of(model)
        # An alias is the operator's own decision.
        if upstream.mode != "openai" or upstream.sent_name(model) != model:
            return None
        return self.retirements.of(model)

    def _choose(self, model: str) -> Upstream:
        return self._by_model.get(model) or self._by_pattern(model) or self.default

    def _by_pattern(self, model: str) -> Upstream | None:
        return next((one for one in self._all if one.matches(model)), None)

    def _target(self, upstream: Upstream, model: str) -> Target:
        sent = upstream.sent_name(model)
        if sent == model and upstream.mode == "openai":
            sent = self.retirements.successor(model) or model
        return self._targets(upstream.name, sent, model)

    def _make_target(self, name: str, sent: str, asked: str) -> Target:
        return Target(self._by_name[name], sent, asked)
