"""The metrics of one application, in Prometheus' format.

Each application has its own registry, so that several in one process keep separate counts. Every
request updates some of them: the child for a set of labels is looked up once, then kept.

The help texts here and in `request_metrics.py` are also the English table of `docs/metrics.md`, and
`docs/metrics.ko.toml` has the Korean ones: run `scripts/docs.py` after a change.
"""

from collections.abc import Collection, Mapping
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

from app.core.request_metrics import OTHER, RequestMetrics
from app.core.shared_metrics import added_up, keep_values_in

Component = Literal["database", "storage", "upstream"]
M = TypeVar("M", Counter, Histogram)

# Upper bounds in seconds. A model may take minutes.
_UPSTREAM_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300)


class Metrics:
    """All metrics of one application; `registry` holds them."""

    def __init__(self, version: str, folder: str = "") -> None:
        """`folder`: where several processes keep their values, so that each can add them up."""
        # Without the extra `_created` series, which nobody here reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.folder = folder
        if folder:
            keep_values_in(folder)
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._build = build = Info("threadkeeper_build", "The running version.", registry=registry)
        build.info({"version": version})
        self.requests = RequestMetrics(registry)
        self.runs = RunMetrics(registry)
        self.summaries = SummaryMetrics(registry)
        self.upstreams = UpstreamsMetrics(registry)
        self.notifications = NotificationMetrics(registry)
        self.model_calls = ModelCallMetrics(registry)
        self._database_jobs = Gauge(
            "threadkeeper_database_jobs_queued",
            "Jobs waiting for a database thread, by thread pool: write, read or search.",
            ("pool",),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._component_up = Gauge(
            "threadkeeper_component_up",
            "Result of the last /api/v1/ready check: 1 if the component worked, else 0. Absent "
            "until that is called.",
            ("component",),
            registry=registry,
        )

    def database_jobs_queued(self, jobs: Mapping[str, int]) -> None:
        """Set how many jobs wait, by thread pool."""
        for pool, count in jobs.items():
            self._database_jobs.labels(pool).set(count)

    def component_up(self, component: Component, up: bool) -> None:
        self._component_up.labels(component).set(up)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics and their content type, chosen by the `accept` header.

        Takes a few milliseconds; may be called on any thread.
        """
        encode, content_type = choose_encoder(accept)
        registry = added_up(self.folder, self._build) if self.folder else self.registry
        return encode(registry), content_type


class RunMetrics:
    """Runs and the tokens they used."""

    def __init__(self, registry: CollectorRegistry) -> None:
        ended = Counter(
            "threadkeeper_runs_ended",
            "Runs that ended in this process, by final status.",
            ("status",),
            registry=registry,
        )
        self._ended = _Children(ended)
        self.active = Gauge(
            "threadkeeper_runs_active",
            "Runs this process is executing now.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.queued = Gauge(
            "threadkeeper_runs_queued",
            "Runs waiting to start, in the whole database: the same on every server, so don't add "
            "it up. NaN if the database did not answer.",
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self._tokens = Counter(
            "threadkeeper_tokens",
            "Tokens reported by the upstream that answered, by upstream, model (other: not a "
            "configured one) and kind: prompt or completion.",
            ("upstream", "model", "kind"),
            registry=registry,
        )
        self._models: frozenset[str] = frozenset()
        self._by_model: dict[tuple[str, str], tuple[Counter, Counter]] = {}

    def ended(self, status: str) -> None:
        self._ended[status].inc()

    def name_models(self, names: Collection[str]) -> None:
        """Count the tokens of these models by name, and those of all others together."""
        self._models = frozenset(names)

    def used_tokens(self, upstream: str, model: str, prompt: int, completion: int) -> None:
        if model not in self._models:
            model = OTHER
        found = self._by_model.get((upstream, model))
        if found is None:
            found = self._by_model[upstream, model] = (
                self._tokens.labels(upstream, model, "prompt"),
                self._tokens.labels(upstream, model, "completion"),
            )
        found[0].inc(prompt)
        found[1].inc(completion)


class SummaryMetrics:
    """Summaries of long threads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._ended = _Children(
            Counter(
                "threadkeeper_summaries",
                "Summaries of long threads that this process made or tried to make, by outcome: "
                "made, failed or over_budget.",
                ("outcome",),
                registry=registry,
            )
        )

    def ended(self, outcome: Literal["made", "failed", "over_budget"]) -> None:
        self._ended[outcome].inc()


class NotificationMetrics:
    """Notifications of owners."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._attempts = Counter(
            "threadkeeper_notification_attempts",
            "Attempts to deliver a notification, by type (webhook or email) and outcome: "
            "delivered, failed (and tried again later) or given_up.",
            ("type", "outcome"),
            registry=registry,
        )

    def attempted(self, kind: str, outcome: Literal["delivered", "failed", "given_up"]) -> None:
        self._attempts.labels(kind, outcome).inc()


class ModelCallMetrics:
    """Calls to models at once, over all upstreams."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.active = Gauge(
            "threadkeeper_model_calls_active",
            "Calls to models that this process is making now.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.waiting = Gauge(
            "threadkeeper_model_calls_waiting",
            "Calls of accepted runs that wait until this process may make another call.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.most = Gauge(
            "threadkeeper_model_calls_limit",
            "How many calls to models this process may make at once.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.refused = Counter(
            "threadkeeper_model_calls_refused",
            "Runs refused with a 503 because this process was making as many calls as it may.",
            registry=registry,
        )


class UpstreamsMetrics:
    """Calls to the upstreams, each under its name.

    The label is bounded: names come from the configuration, and no client can add one.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._first_byte = Histogram(
            "threadkeeper_upstream_first_byte_seconds",
            "Seconds until the upstream began its response, retries included, by outcome: ok, "
            "cancelled or a run's last_error code.",
            ("upstream", "outcome"),
            buckets=_UPSTREAM_SECONDS,
            registry=registry,
        )
        self._total = Histogram(
            "threadkeeper_upstream_duration_seconds",
            "Seconds until the upstream's response was complete, retries included, by outcome.",
            ("upstream", "outcome"),
            buckets=_UPSTREAM_SECONDS,
            registry=registry,
        )
        self._retries = Counter(
            "threadkeeper_upstream_retries",
            "Calls to the upstream that were retried.",
            ("upstream",),
            registry=registry,
        )
        self._passed_on = Counter(
            "threadkeeper_upstream_failures_passed_on",
            "Calls that the upstream failed and that were passed on to another one.",
            ("upstream",),
            registry=registry,
        )
        self._up = Gauge(
            "threadkeeper_upstream_up",
            "Result of the last /api/v1/ready check: 1 if the upstream can be called, else 0. "
            "Absent until that is called.",
            ("upstream",),
            registry=registry,
            multiprocess_mode="livemostrecent",
        )

    def of(self, name: str) -> "UpstreamMetrics":
        return UpstreamMetrics(
            _Children(self._first_byte, name),
            _Children(self._total, name),
            self._retries.labels(name),
        )

    def passed_on(self, name: str) -> None:
        self._passed_on.labels(name).inc()

    def up(self, name: str, up: bool) -> None:
        self._up.labels(name).set(up)


class UpstreamMetrics:
    """Calls to one upstream. Outcomes: ok, cancelled, or a run's `last_error` code."""

    def __init__(
        self, first_byte: "_Children[Histogram]", total: "_Children[Histogram]", retries: Counter
    ) -> None:
        self._first_byte = first_byte
        self._total = total
        self.retries = retries

    def called(self, outcome: str, first_byte: float | None, total: float) -> None:
        """Record a call, in seconds; `first_byte` is None if no response ever began."""
        if first_byte is not None:
            self._first_byte[outcome].observe(first_byte)
        self._total[outcome].observe(total)


class _Children(dict[str, M]):
    """A metric's children by their last label: faster than the library's own lookup."""

    def __init__(self, metric: M, *labels: str) -> None:
        """`labels`: the labels before the last one."""
        super().__init__()
        self._metric: M = metric
        self._labels = labels

    def __missing__(self, label: str) -> M:
        child: M = self._metric.labels(*self._labels, label)
        self[label] = child
        return child
