"""The Postman collection, run by Postman's own runner against a live server."""

import json
from pathlib import Path

import pytest

from tests.support.node_packages import packages, run_node

COLLECTION = Path(__file__).parents[2] / "postman_collection.json"
KEY = "a-long-random-text"

# npm has 150 packages to fetch where the registry is far.
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="session")
def newman(tmp_path_factory) -> Path:
    return packages(tmp_path_factory, "newman@^6.2.2")


@pytest.fixture(scope="session")
def database_kind() -> str:
    """What requests may ask for is tested on both elsewhere: one will do."""
    return "sqlite"


@pytest.fixture
def collection(newman, tmp_path):
    """Run the collection with these variables; return newman's report."""

    def run(server, *options: str, **variables: str):
        report = tmp_path / "report.json"
        given = {"base_url": f"{server.base_url}/api/v1", **variables}
        ran = run_node(
            newman,
            *("node_modules/newman/bin/newman.js", "run", str(COLLECTION), *options),
            *("--reporters", "json", "--reporter-json-export", str(report)),
            *[part for pair in given.items() for part in ("--env-var", "=".join(pair))],
            seconds=120,
        )
        assert report.exists(), ran.stdout + ran.stderr
        return json.loads(report.read_text("utf-8"))["run"]

    return run


def names_in(items) -> set[str]:
    return {
        name
        for item in items
        for name in (names_in(item["item"]) if "item" in item else {item["name"]})
    }


def refused(report) -> list[str]:
    return [f"{one['source']['name']}: {one['error']['message']}" for one in report["failures"]]


def assert_passed(report) -> None:
    assert refused(report) == []
    reported = report["stats"]
    for kind in ("requests", "assertions", "testScripts", "prerequestScripts"):
        assert (reported[kind]["failed"], reported[kind]["pending"]) == (0, 0), kind
    # Nothing was passed over: each request was sent, and its answer looked at.
    asked = json.loads(COLLECTION.read_text("utf-8"))["item"]
    assert {one["item"]["name"] for one in report["executions"]} == names_in(asked)
    assert reported["assertions"]["total"] >= 2 * len(names_in(asked))


def test_on_an_open_server(collection, start):
    assert_passed(collection(start(openai_base_url="", openai_api_key="")))


def test_with_a_key(collection, start):
    server = start(
        openai_base_url="", openai_api_key="", api_keys=[f"shop:{KEY}"], public_chat=True
    )
    assert_passed(collection(server, api_key=KEY))


def test_a_wrong_key_does_not_pass(collection, start):
    server = start(openai_base_url="", openai_api_key="", api_keys=[f"shop:{KEY}"])
    report = collection(server, "--folder", "Assistants", api_key="another")
    assert any("Create assistant" in one for one in refused(report))
