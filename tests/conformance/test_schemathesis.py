"""Requests made from our own document: whatever it allows or forbids, the server keeps to it.

The document's examples, its boundaries and what lies just beyond them, and some by chance; the
same in every run. An operation that is new in the document is tested without a word here.
"""

import zlib
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis import Case, GenerationMode, Response

from tests.support.administration import ADMIN_KEY
from tests.support.api_document import api_document
from tests.support.hostile_checks import OURS
from tests.support.hostile_server import ANSWER_SECONDS, target_server
from tests.support.hostile_stage import Stage

# What earlier answers held would change what is asked later, and ids are never the same twice.
UNTAUGHT = {"extra-data-sources": {"responses": False}}
CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {
            "deterministic": True,
            "max-examples": 5,
            # No document can say that a database keeps no NUL; other tests send it.
            "allow-x00": False,
            "with-security-parameters": False,
        },
        "phases": {
            "examples": UNTAUGHT,
            "coverage": UNTAUGHT,
            "fuzzing": {**UNTAUGHT, "error-feedback": {"enabled": False}},
        },
        "request-timeout": ANSWER_SECONDS,
        "max-stream-events": 10_000,
        "checks": {
            # Ours is stricter, and knows that an id may be of nothing.
            "positive_data_acceptance": {"enabled": False},
            # Each operation is called without a key once, which is enough.
            "ignored_auth": {"enabled": False},
        },
        "operations": [
            {
                # The path is one of `/threads/{thread_id}` too, with its methods.
                "include-path": "/api/v1/threads/runs",
                "checks": {"allow_header_conformance": {"enabled": False}},
            },
            {
                # Without a draft, the published version is what an editor starts from.
                "include-path": "/api/v1/assistants/{assistant_id}/draft",
                "checks": {"use_after_free": {"enabled": False}},
            },
            *(
                {
                    # A thread needs not have one.
                    "include-path": f"/api/v1/threads/{{thread_id}}/{part}",
                    "checks": {"ensure_resource_availability": {"enabled": False}},
                }
                for part in ("summary", "visitor")
            ),
            {
                # Whatever is sent is a text; bad lines are in the report.
                "include-path": "/api/v1/import",
                "checks": {"negative_data_rejection": {"enabled": False}},
            },
        ],
    }
)
# Lines of an import are a text.
schemathesis.serializer.alias("application/x-ndjson", "text/plain")
SCHEMA = schemathesis.openapi.from_dict(deepcopy(api_document()), config=CONFIG)
KEY = "sk-of-the-one-who-asks"
OURSELVES = settings(
    deadline=None,
    database=None,
    # Failures are reported as they were found: shrinking takes minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[*HealthCheck],
)


# The server's threads draw numbers of their own meanwhile, which looks as if a test did.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
)


@pytest.fixture(scope="module")
def stage(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with (
        target_server(database_kind, folder, key=KEY, admin_key=ADMIN_KEY) as target,
        requests.Session() as session,
    ):
        yield Stage(target, session)


def is_left_out(case: Case, database_kind: str) -> bool:
    """Tell whether a bad request is like enough to others: what is refused is never kept."""
    assert case.meta is not None
    bad = case.meta.generation.mode is GenerationMode.NEGATIVE
    if bad and says_nothing(case):
        return True
    every_other = isinstance(case.body, dict) and zlib.crc32(repr(case.body).encode()) % 2 == 0
    return bad and (database_kind != "sqlite" or every_other)


def says_nothing(case: Case) -> bool:
    """Tell whether a request has what other clients send for "not given", which no schema knows."""
    empty = case.method == "GET" and "" in (case.query or {}).values()
    return empty or case.body == []


@SCHEMA.parametrize()
@OURSELVES
def test_an_operation_keeps_to_the_document(case: Case, stage: Stage, database_kind: str) -> None:
    if is_left_out(case, database_kind):
        return
    stage.place(case)
    response = case.call(base_url=stage.base_url, session=stage.session)
    stage.settle(case, response)
    case.validate_response(
        response,
        additional_checks=OURS,
        transport_kwargs={"base_url": stage.base_url, "session": stage.session},
    )


def test_what_an_operation_made_the_next_can_use(stage: Stage) -> None:
    """Chains of calls: made, listed, changed, deleted, and asked for again once it is gone."""

    class Chain(SCHEMA.as_state_machine()):  # type: ignore[misc]
        def before_call(self, case: Case) -> None:
            stage.place_in_body(case)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"base_url": stage.base_url, "session": stage.session}

        def validate_response(
            self, response: Response, case: Case, additional_checks: Any = None, **kwargs: Any
        ) -> None:
            super().validate_response(response, case, additional_checks=OURS, **kwargs)

    chains = settings(OURSELVES, max_examples=20, stateful_step_count=10, derandomize=True)
    # Which calls are possible depends on earlier answers, and those on what the server does in the
    # background. If a chain can't be begun as before, Hypothesis gives up; all calls were checked.
    with suppress(FlakyStrategyDefinition):
        Chain.run(settings=chains)
