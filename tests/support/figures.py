"""The metrics in `/metrics`, parsed as Prometheus does."""

from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.server import Running


class Figures:
    """One scrape of a server."""

    def __init__(self, server: Running) -> None:
        response = httpx.get(f"{server.base_url}/metrics", timeout=30)
        assert response.status_code == 200, response.text
        families = list(text_string_to_metric_families(response.text))
        self.samples = [sample for family in families for sample in family.samples]

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of this name that have these labels; 0 for none."""
        return sum(
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def labels(self, name: str) -> list[dict[str, Any]]:
        return [sample.labels for sample in self.samples if sample.name == name]
