"""What operators can observe: metrics and traces."""

from app.core.metrics import Metrics
from app.core.telemetry import Telemetry


class Instrumentation:
    """The instruments of one application."""

    def __init__(self, version: str, folder: str = "") -> None:
        """`folder`: as for `Metrics`.

        Raises `StartError` if the configured traces can't be sent.
        """
        self.metrics = Metrics(version, folder)
        self.telemetry = Telemetry(version)
