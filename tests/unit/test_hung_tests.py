"""A test that hangs is named, and the run ends, whatever the test hangs in."""

import subprocess
import sys
from pathlib import Path

from tests.support.waiting import WAIT_SECONDS

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
HANGS = """
import asyncio
import pytest

@pytest.fixture
async def stuck():
    yield
    while True:
        try:
            await asyncio.Event().wait()
        except BaseException:
            pass

async def test_with_a_fixture_that_never_ends(stuck):
    pass
"""


def test_an_async_fixture_that_never_ends_is_named(tmp_path):
    (tmp_path / "test_hangs.py").write_text(HANGS)
    command = [sys.executable, "-m", "pytest", "-v", "-c", str(PROJECT), "--timeout=1"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert ended.returncode != 0
    said = ended.stdout + ended.stderr
    assert "test_with_a_fixture_that_never_ends" in said and "Timeout" in said
