"""What the application counts and times, as Prometheus reads it.

A registry for each application, so that several in one process don't count into each other's.
Updates are part of every request: children are looked up once, then kept.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Literal, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

Component = Literal["database", "storage", "upstream"]
M = TypeVar("M", Counter, Histogram)

# Upper bounds in seconds. A model may take minutes; so does a request that streams its answer.
_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_UPSTREAM_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300)

# Clients choose models and methods: what they make up is counted under this name.
_OTHER = "other"
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Metrics:
    """The figures of one application."""

    def __init__(self, version: str) -> None:
        # A second series for each, of the time at which it began, helps nobody here.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        build = Info("threadkeeper_build", "The version that runs.", registry=registry)
        build.info({"version": version})
        self.requests = RequestMetrics(registry)
        self.runs = RunMetrics(registry)
        self.upstreams = UpstreamsMetrics(registry)
        self._database_waiting = Gauge(
            "threadkeeper_database_works_waiting",
            "Works that wait for one of the threads that write to the database, or read from it.",
            ("lane",),
            registry=registry,
        )
        self._component_up = Gauge(
            "threadkeeper_component_up",
            "1 where the last readiness check found the component in order, else 0.",
            ("component",),
            registry=registry,
        )

    def database_waiting(self, works: Mapping[str, int]) -> None:
        for lane, count in works.items():
            self._database_waiting.labels(lane).set(count)

    def component_up(self, component: Component, up: bool) -> None:
        self._component_up.labels(component).set(up)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return all figures and their content type: one that the header `accept` names.

        Takes some milliseconds, and may be called on any thread.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class RequestMetrics:
    """What clients ask of the API."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answered = Counter(
            "threadkeeper_http_requests",
            "Requests answered; status 0: the client hung up before the answer.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "threadkeeper_http_request_duration_seconds",
            "Seconds from a request to the end of its answer, of a stream to the stream's end.",
            ("method", "route"),
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )
        self.open_streams = Gauge(
            "threadkeeper_event_streams_open",
            "Event streams that clients read from this process now.",
            registry=registry,
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is its template, never its path."""
        if method not in _METHODS:
            method = _OTHER
        key = (method, route, status)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = (
                self._answered.labels(method, route, status),
                self._seconds.labels(method, route),
            )
        found[0].inc()
        found[1].observe(seconds)


class RunMetrics:
    """What becomes of runs, and what they cost."""

    def __init__(self, registry: CollectorRegistry) -> None:
        ended = Counter(
            "threadkeeper_runs_ended",
            "Runs that this process brought to their end, by the status they ended in.",
            ("status",),
            registry=registry,
        )
        self._ended = _Children(ended)
        self._active = Gauge(
            "threadkeeper_runs_active", "Runs that this process carries now.", registry=registry
        )
        self.queued = Gauge(
            "threadkeeper_runs_queued",
            "Runs that wait to be begun, in the whole database; NaN where it did not answer.",
            registry=registry,
        )
        self._tokens = Counter(
            "threadkeeper_tokens",
            "Tokens that the model said it used, by kind: prompt or completion.",
            ("model", "kind"),
            registry=registry,
        )
        self._models: frozenset[str] = frozenset()
        self._by_model: dict[str, tuple[Counter, Counter]] = {}

    def ended(self, status: str) -> None:
        self._ended[status].inc()

    def watch_active(self, count: Callable[[], int]) -> None:
        """Ask `count` for the runs under way whenever somebody wants to know."""
        self._active.set_function(count)

    def name_models(self, names: Collection[str]) -> None:
        """Count the tokens of these models by their names, those of all others together."""
        self._models = frozenset(names)

    def used_tokens(self, model: str, prompt: int, completion: int) -> None:
        if model not in self._models:
            model = _OTHER
        found = self._by_model.get(model)
        if found is None:
            found = self._by_model[model] = (
                self._tokens.labels(model, "prompt"),
                self._tokens.labels(model, "completion"),
            )
        found[0].inc(prompt)
        found[1].inc(completion)


class UpstreamsMetrics:
    """How the upstreams behave, each under its name.

    The label is bounded: names come from the configuration, and no client can add one.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._first_byte = Histogram(
            "threadkeeper_upstream_first_byte_seconds",
            "Seconds until the upstream began its answer, retries included.",
            ("upstream", "outcome"),
            buckets=_UPSTREAM_SECONDS,
            registry=registry,
        )
        self._total = Histogram(
            "threadkeeper_upstream_duration_seconds",
            "Seconds until the upstream's answer had ended, retries included.",
            ("upstream", "outcome"),
            buckets=_UPSTREAM_SECONDS,
            registry=registry,
        )
        self._retries = Counter(
            "threadkeeper_upstream_retries",
            "Calls of the upstream that were tried again.",
            ("upstream",),
            registry=registry,
        )
        self._up = Gauge(
            "threadkeeper_upstream_up",
            "1 where the last readiness check found that the upstream can be asked, else 0.",
            ("upstream",),
            registry=registry,
        )

    def of(self, name: str) -> "UpstreamMetrics":
        return UpstreamMetrics(
            _Children(self._first_byte, name),
            _Children(self._total, name),
            self._retries.labels(name),
        )

    def up(self, name: str, up: bool) -> None:
        self._up.labels(name).set(up)


class UpstreamMetrics:
    """How one upstream behaves. Outcomes: ok, cancelled, or a run's `last_error` code."""

    def __init__(
        self, first_byte: "_Children[Histogram]", total: "_Children[Histogram]", retries: Counter
    ) -> None:
        self._first_byte = first_byte
        self._total = total
        self.retries = retries

    def called(self, outcome: str, first_byte: float | None, total: float) -> None:
        """Time a call, in seconds; `first_byte` is None if no answer ever began."""
        if first_byte is not None:
            self._first_byte[outcome].observe(first_byte)
        self._total[outcome].observe(total)


class _Children(dict[str, M]):
    """A metric's children by their last label: looking one up in the library costs more."""

    def __init__(self, metric: M, *labels: str) -> None:
        """`labels`: the labels before the last one."""
        super().__init__()
        self._metric: M = metric
        self._labels = labels

    def __missing__(self, label: str) -> M:
        child: M = self._metric.labels(*self._labels, label)
        self[label] = child
        return child
