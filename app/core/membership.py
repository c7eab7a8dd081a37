"""A process's place in a group of workers on one port."""

from dataclasses import dataclass
from socket import socket


@dataclass
class Membership:
    """Made before the workers are forked; in a process on its own, it stays as it is.

    `channel`: to the first process; each worker gets its own. `replaces_after_reload`: the worker
    replaces another one, and since the start there was a SIGHUP. `metrics_folder` is shared.
    """

    workers: int = 1
    metrics_folder: str = ""
    channel: socket | None = None
    replaces_after_reload: bool = False
