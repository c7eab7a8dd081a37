"""Which files a chat turn passes, and how often it goes from one package of `app` to another.

python -m benchmarks.path [--files]
"""

import argparse
import itertools
import sys
import threading
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import app
from tests.support.fake_upstream import FakeUpstream
from tests.support.replies import Reply
from tests.support.server import thread_server

_APP = f"{Path(app.__file__).parent}/"
_WARM_UP = 3
_DELTAS = 10


class Recorder:
    """Notes every call of a function of `app`, in all threads that start after it."""

    def __init__(self) -> None:
        self.recording = False
        self.files: list[str] = []
        threading.setprofile(self._profile)

    def _profile(self, frame: FrameType, event: str, _: Any) -> None:
        file = frame.f_code.co_filename
        if self.recording and event == "call" and file.startswith(_APP):
            self.files.append(file.removeprefix(_APP))

    @property
    def changes(self) -> int:
        """How often a call is in another package than the call before it."""
        packages = [file.split("/")[0] for file in self.files]
        return sum(a != b for a, b in itertools.pairwise(packages))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", action="store_true", help="list the files, with their calls")
    arguments = parser.parse_args()
    recorder = Recorder()
    with FakeUpstream.serve() as upstream, TemporaryDirectory() as folder:
        settings: dict[str, Any] = {
            "database_url": f"sqlite:///{folder}/path.db",
            "files_url": f"{folder}/files",
            "openai_base_url": upstream.base_url,
            "openai_api_key": "sk-path",
            "assistants_file": "",
            "functions_dir": "",
        }
        with thread_server(**settings) as server:
            for _ in range(_WARM_UP):
                server.http.post("/chat", json={"message": "hi"}).raise_for_status()
            for streamed in (False, True):
                upstream.reply(Reply.text(*["word "] * _DELTAS))
                recorder.files.clear()
                recorder.recording = True
                body = {"message": "hello", "stream": streamed}
                server.http.post("/chat", json=body).raise_for_status().read()
                recorder.recording = False
                _report("streamed" if streamed else "plain", recorder, files=arguments.files)


def _report(name: str, recorder: Recorder, *, files: bool) -> None:
    counts = Counter(recorder.files)
    sys.stdout.write(
        f"{name}: {len(counts)} files, {recorder.changes} changes of package, "
        f"{len(recorder.files)} calls\n"
    )
    for file, calls in sorted(counts.items()) if files else ():
        sys.stdout.write(f"{calls:5} {file}\n")


if __name__ == "__main__":
    main()
