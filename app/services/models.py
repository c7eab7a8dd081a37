"""The models that the settings and the assistants file name."""

from collections.abc import Iterable

from app.domain.clock import now
from app.domain.errors import NotFound
from app.schemas.models import Model, ModelList

_OWNER = "threadkeeper"


class ModelService:
    """Lists the configured names. The upstream may have other models too; it is not asked here."""

    def __init__(self, names: Iterable[str]) -> None:
        """`names` are listed in their order, each once."""
        # The models' real ages are unknown, so this is the time of the server's start.
        created = now()
        self._models = {
            name: Model(id=name, created=created, owned_by=_OWNER) for name in dict.fromkeys(names)
        }

    def list(self) -> ModelList:
        return ModelList(data=[*self._models.values()])

    def retrieve(self, name: str) -> Model:
        """Raises `NotFound`."""
        model = self._models.get(name)
        if model is None:
            raise NotFound(
                f"The model '{name}' does not exist", param="model", code="model_not_found"
            )
        return model
