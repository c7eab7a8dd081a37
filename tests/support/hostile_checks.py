"""Checks for every answer to a generated request, in addition to those of schemathesis."""

import re

from schemathesis import Case, CheckContext, CheckFunction, GenerationMode, Response

# Codes about a request's form; other codes are about objects and their states.
_OF_FORM = re.compile(
    "missing_required_parameter|unknown_parameter|invalid_(type|value|content_type)|empty_.*"
    "|.*_(above_max|below_min)_.*"
)
# An id of another kind, days in the wrong order or too far apart: each value is valid by itself.
_OF_WHAT_IS_GIVEN = (
    *("Expected an ID that begins with", "it is after 'end_date'"),
    "it is more than 366 days before 'end_date'",
)
# Rules between fields that no JSON schema can express.
_BEYOND_THE_DOCUMENT = ("address", "all", "auth", "chunk_overlap_tokens")
# Of projects and keys: a name is needed unless a key replaces another, and an origin, a rate and a
# project's name are texts of a form that only the server reads.
_BEYOND_IT_FOR_ADMINS = ("name", "origin", "origins", "rate")


def errors_are_in_the_envelope(_context: CheckContext, response: Response, case: Case) -> None:
    if response.status_code < 400 or case.method == "HEAD":
        return
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert body["error"]["message"]


def what_the_document_allows_has_the_right_form(
    _context: CheckContext, response: Response, case: Case
) -> None:
    """A valid request gets a 400 only for missing objects, or if it comes at the wrong moment."""
    assert case.meta is not None
    if response.status_code != 400 or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    error = response.json()["error"]
    if any(words in error["message"] for words in _OF_WHAT_IS_GIVEN):
        return
    beyond: tuple[str, ...] = _BEYOND_THE_DOCUMENT
    if case.path.startswith("/api/v1/admin/"):
        beyond += _BEYOND_IT_FOR_ADMINS
    if (error["param"] or "").rpartition(".")[2] not in beyond:
        assert not _OF_FORM.fullmatch(error["code"] or ""), error


def streams_end(_context: CheckContext, response: Response, _case: Case) -> None:
    assert not response.stream_cut_short


OURS: list[CheckFunction] = [
    errors_are_in_the_envelope,
    what_the_document_allows_has_the_right_form,
    streams_end,
]
