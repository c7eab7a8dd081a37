"""The example with curl: what it prints, on an open server and with a key."""

import json
import re
import shutil

import pytest

from tests.support.examples import KEY, run_example, said_by, settings_of

DEMO = {"openai_base_url": "", "openai_api_key": ""}


@pytest.fixture(scope="session")
def database_kind() -> str:
    """Programs can't tell one database from the other: one will do."""
    return "sqlite"


@pytest.fixture(scope="session", autouse=True)
def curl() -> None:
    for program in ("bash", "curl"):
        if shutil.which(program) is None:
            pytest.skip(f"not tested: {program} is not here")


@pytest.mark.parametrize("key", ["", KEY], ids=["open", "keyed"])
def test_it_shows_every_road(start, key):
    server = start(**DEMO, api_keys=[f"shop:{key}"] if key else [])
    said = said_by(run_example("bash", "curl.sh", **settings_of(server, key)))
    chat, stream, files, usage = re.split(r"^# .*\n", said, flags=re.MULTILINE)[1:]
    first, second = map(json.loads, chat.splitlines())
    assert "여름 할인 문구" in first["message"]
    assert second["thread_id"] == first["thread_id"]
    assert "앞에서 이렇게 말씀하셨습니다" in second["message"]
    assert stream.count("event: delta") > 5
    assert stream.count("event: message") == 1
    found, store, file = map(json.loads, files.splitlines())
    assert "14일 안에" in found["data"][0]["content"][0]["text"]
    assert (store["deleted"], file["deleted"]) == (True, True)
    assert json.loads(usage)["total"]["runs"] == 3


def test_it_ends_when_the_server_refuses(start):
    server = start(**DEMO, api_keys=[f"shop:{KEY}"])
    ran = run_example("bash", "curl.sh", **settings_of(server, "another"))
    assert ran.returncode == 22
    assert "401" in ran.stderr
    assert len(ran.stdout.splitlines()) == 1, "nothing is asked after the first refusal"
