"""The metrics of requests to the API."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# Upper bounds in seconds. A request that streams its answer lasts as long as the model.
_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

# Clients choose methods and models: names they made up are counted under this one.
OTHER = "other"
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class RequestMetrics:
    """Requests to the API."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answered = Counter(
            "threadkeeper_http_requests",
            "Requests by method, route template (none: no route matched) and status (0: the client "
            "disconnected before the response).",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "threadkeeper_http_request_duration_seconds",
            "Seconds from a request to the end of its response; a stream lasts until it closes.",
            ("method", "route"),
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )
        self.open_streams = Gauge(
            "threadkeeper_event_streams_open",
            "Event streams this process is sending now.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is its template, never its path."""
        if method not in _METHODS:
            method = OTHER
        key = (method, route, status)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = (
                self._answered.labels(method, route, status),
                self._seconds.labels(method, route),
            )
        found[0].inc()
        found[1].observe(seconds)
