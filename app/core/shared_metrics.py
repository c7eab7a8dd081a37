"""Metrics of several processes, added up: each keeps its values in files of one folder.

What prometheus_client offers for this; in addition, what the system knows of the processes.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Info, ProcessCollector, values
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

# Of these, the lowest is shown; of all others, the sum.
_LOWEST = frozenset({"process_start_time_seconds", "process_max_fds"})


def keep_values_in(folder: str) -> None:
    """Keep the values of all metrics that are made from now on in files."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]


def added_up(folder: str, build: Info) -> CollectorRegistry:
    """Return the metrics of all processes that keep their values in the folder."""
    registry = CollectorRegistry()
    registry.register(build)
    registry.register(_Processes(folder))
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return registry


def process_ended(folder: str, pid: int) -> None:
    """Forget what a process was doing. What it has counted stays."""
    mark_process_dead(pid, path=folder)  # type: ignore[no-untyped-call]


class _Processes(Collector):
    """Memory, CPU time and open files of all processes together."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def collect(self) -> Iterator[Metric]:
        found: dict[str, Metric] = {}
        for path in self._folder.glob("gauge_livesum_*.db"):
            pid = int(path.stem.rpartition("_")[2])
            for one in _of_process(pid):
                known = found.setdefault(one.name, one)
                if known is not one:
                    _add(known, one)
        yield from found.values()


def _of_process(pid: int) -> Iterable[Metric]:
    return ProcessCollector(pid=lambda: pid, registry=None).collect()


def _add(known: Metric, other: Metric) -> None:
    choose = min if known.name in _LOWEST else _sum
    known.samples = [
        sample._replace(value=choose(sample.value, added.value))
        for sample, added in zip(known.samples, other.samples, strict=True)
    ]


def _sum(one: float, other: float) -> float:
    return one + other
