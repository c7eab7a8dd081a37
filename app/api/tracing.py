"""Configures the framework's own tracing."""

from collections.abc import MutableMapping
from typing import Any

from fastapi.telemetry import TelemetryConfig

from app.core.telemetry import Telemetry

# Machines request these every few seconds, so they are not traced.
_PROBES = ("/api/v1/health", "/api/v1/ready", "/metrics")


def native_telemetry(telemetry: Telemetry) -> TelemetryConfig:
    """Return the framework's telemetry settings. Without tracing, requests cost nothing extra.

    The framework's metrics and logs are always off: Prometheus has the metrics, and the logs would
    contain exceptions with their messages.
    """
    config: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
    if telemetry.provider is None:
        return {**config, "auto_configure": False}
    return {
        **config,
        "tracing": True,
        "tracer_provider": telemetry.provider,
        # The framework adds the exporter that the environment configures to the provider.
        "auto_configure": True,
        "exclude": _is_probe,
    }


def _is_probe(scope: MutableMapping[str, Any]) -> bool:
    path: str = scope["path"]
    return path.endswith(_PROBES)
