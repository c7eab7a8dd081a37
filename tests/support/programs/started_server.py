"""Starts the server, asks for its health, and prints what was loaded and built for that."""

import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import main
from app.api.later_route import LaterRoute

_SECONDS = 60.0


def look() -> None:
    url = f"http://127.0.0.1:{main.settings.port}/api/v1/health"
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url).close()
            break
        except urllib.error.URLError:
            time.sleep(0.02)
    routes = [route for route in main.app.routes if isinstance(route, LaterRoute)]
    built = [route.name for route in routes if "dependant" in vars(route)]
    print(json.dumps({"modules": [*sys.modules], "built": built, "routes": len(routes)}))
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=look).start()
main.serve()
