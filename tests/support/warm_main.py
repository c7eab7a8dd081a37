"""A process that has imported what `main.py` imports, and is forked for each server.

`python -m tests.support.warm_main FD`: for each message of the socket FD, a fork becomes what
`python main.py` would be in a folder, with an environment. Its exit status is written to a pipe.
It ends when the socket is closed.
"""

import ast
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

MAIN = Path(__file__).parents[2] / "main.py"
# What `main.py` imports once it runs.
_LATER = (
    *("app.api.http_protocol", "app.core.openai_client", "psycopg", "uvicorn.lifespan.on"),
    *("sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite"),
)


def run() -> None:
    """Answer the messages; in a fork, run `main.py` until it ends."""
    _import()
    # Another thread could hold a lock, which would stay locked in a fork.
    assert threading.active_count() == 1
    gc.freeze()
    request = _forked(socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        time.tzset()
        sys.argv = [str(MAIN)]
        runpy.run_path(str(MAIN), run_name="__main__")


def _import() -> None:
    program = ast.parse(MAIN.read_text("utf-8"))
    program.body = [node for node in program.body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(program, MAIN, "exec"), {})
    for name in _LATER:
        import_module(name)


def _forked(control: socket.socket) -> dict[str, Any] | None:
    """Return the request in each fork; in this process, return None once nobody will ask."""
    exits: dict[int, int] = {}
    received, waking = socket.socketpair()
    for one in (received, waking):
        one.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking.fileno())
    while True:
        ready, _, _ = select.select([control, received], [], [])
        if received in ready:
            received.recv(4096)
            _report_ended(exits)
            continue
        message, descriptors, _, _ = socket.recv_fds(control, 1_000_000, 2)
        if not message:
            return None
        log, told = descriptors
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(log, 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            for descriptor in (log, told, *exits.values()):
                os.close(descriptor)
            for one in (control, received, waking):
                one.close()
            request: dict[str, Any] = json.loads(message)
            return request
        os.close(log)
        exits[pid] = told
        control.send(str(pid).encode())


def _report_ended(exits: dict[int, int]) -> None:
    for pid in [*exits]:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            told = exits.pop(pid)
            os.write(told, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(told)


if __name__ == "__main__":
    run()
