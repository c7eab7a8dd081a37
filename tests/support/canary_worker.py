"""The worker that reads files, with a text reader that tries to escape."""

import json
import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.knowledge import extraction_worker
from tests.support.escapes import attempts, outcomes


def _parts(file: Any, _task: Any) -> Iterator[str]:
    file.seek(0)
    stage = json.loads(file.readall())
    tried = attempts(Path(stage["folder"]), os.getppid(), stage["port"])
    yield json.dumps(outcomes(tried) | {"environment": sorted(os.environ)})


if __name__ == "__main__":
    reader = types.ModuleType("tests.support.canary_reader")
    vars(reader)["parts"] = _parts
    sys.modules[reader.__name__] = reader
    extraction_worker._READERS["text"] = reader.__name__
    sys.exit(extraction_worker.main(json.loads(sys.argv[1])))
