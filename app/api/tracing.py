"""What the framework traces by itself, and what it is asked to leave out."""

from collections.abc import MutableMapping
from typing import Any

from fastapi.telemetry import TelemetryConfig

from app.core.telemetry import Telemetry

# Asked every few seconds, by machines.
_PROBES = ("/api/v1/health", "/api/v1/ready", "/metrics")


def native_telemetry(telemetry: Telemetry) -> TelemetryConfig:
    """Return the framework's settings. Without traces it does nothing at all for a request.

    Its figures and its log are off in any case: Prometheus has the ones, and the other would
    tell exceptions with their texts.
    """
    config: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
    if telemetry.provider is None:
        return {**config, "auto_configure": False}
    return {
        **config,
        "tracing": True,
        "tracer_provider": telemetry.provider,
        # The framework gives the provider its exporter, as the environment says.
        "auto_configure": True,
        "exclude": _is_probe,
    }


def _is_probe(scope: MutableMapping[str, Any]) -> bool:
    path: str = scope["path"]
    return path.endswith(_PROBES)
