"""The models that may be asked for."""

from collections.abc import Iterable

from app.core.retirements import Retirement
from app.core.upstream import Upstream
from app.core.upstream_choice import UpstreamChoice
from app.domain.clock import now
from app.domain.errors import NotFound
from app.schemas.models import Model, ModelList
from app.services.model_lists import ModelLists

_OWNER = "threadkeeper"


class ModelService:
    """Lists the configured names, and what upstreams offer that matches a configured pattern."""

    def __init__(self, names: Iterable[str], upstreams: UpstreamChoice, lists: ModelLists) -> None:
        """`names` are the configured ones; they are listed in their order, each once."""
        # The models' real ages are unknown, so this is the time of the server's start.
        self._created = now()
        self._names = [*dict.fromkeys(names)]
        self._upstreams = upstreams
        self._lists = lists

    def list(self) -> ModelList:
        offered = (
            name
            for upstream in self._upstreams
            for name in self._lists.offered(upstream)
            if self._upstreams.of(name) is upstream
        )
        return ModelList(
            data=[self._model(name) for name in dict.fromkeys([*self._names, *offered])]
        )

    def retrieve(self, name: str) -> Model:
        """Raises `NotFound`."""
        if name not in self._names and not self._upstreams.names(name):
            raise NotFound(
                f"The model '{name}' does not exist", param="model", code="model_not_found"
            )
        return self._model(name)

    def retirement(self, name: str) -> Retirement | None:
        """Return when OpenAI shuts down the model that is asked for by this name."""
        return self._upstreams.retirement(name)

    def _model(self, name: str) -> Model:
        upstream = self._upstreams.of(name)
        retirement = self.retirement(name)
        return Model(
            id=name,
            created=self._created,
            owned_by=_owner(upstream, several=len([*self._upstreams]) > 1),
            shutdown_date=None if retirement is None else retirement.shutdown.isoformat(),
        )


def _owner(upstream: Upstream, *, several: bool) -> str:
    return upstream.name if several else _OWNER
