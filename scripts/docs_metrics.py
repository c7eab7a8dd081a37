"""The table of metrics, from `app/core/metrics.py` and `request_metrics.py`."""

from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from app.core.metrics import Metrics
from scripts.docs_sources import Language, translations

_HEADS = {"en": "| Metric | Type | Labels | Meaning |", "ko": "| 지표 | 유형 | 레이블 | 뜻 |"}
_BUILD = "threadkeeper_build"


def metrics_table(language: Language, korean: Path) -> str:
    """Return a table with a row for each of the application's own metrics."""
    own = _own(Metrics("").registry)
    texts = translations(korean, own)
    rows = []
    for name, metric in own.items():
        meaning = metric._documentation if language == "en" else texts[name]
        labels = ", ".join(f"`{label}`" for label in _labels(metric))
        rows.append(f"| `{name}` | {metric._type} | {labels or '–'} | {meaning} |")
    return "\n".join([_HEADS[language], "|---|---|---|---|", *rows])


def _own(registry: CollectorRegistry) -> dict[str, Any]:
    """Return the metrics by the names Prometheus shows, without the process' own.

    The library has no public way to ask for the labels of a metric without samples: its private
    attributes are read here and nowhere else.
    """
    found = {}
    for metric in registry._collector_to_names:
        name: str = getattr(metric, "_name", "")
        ending = {"counter": "_total", "info": "_info"}.get(getattr(metric, "_type", ""), "")
        if name:
            found[name + ending] = metric
    return found


def _labels(metric: Any) -> tuple[str, ...]:
    return ("version",) if metric._name == _BUILD else metric._labelnames
