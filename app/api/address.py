"""Cleans up a request's path and query before anything reads them."""

from starlette.types import Scope

_REPLACED = "\ufffd"
_REPLACED_IN_QUERY = b"%EF%BF%BD"
# Metadata filters of threads: an empty value is a valid filter.
_MAY_BE_EMPTY = (b"metadata[", b"metadata%5B", b"metadata%5b")


def put_right(scope: Scope) -> None:
    """Replace NUL with U+FFFD, as in bodies, and drop the empty query parameters of a GET.

    Forms and no-code tools send `after=` and `limit=` for "not given". Other methods keep them:
    dropping an empty filter from a DELETE would delete more than was asked for.
    """
    if "\0" in scope["path"]:
        scope["path"] = scope["path"].replace("\0", _REPLACED)
    query: bytes = scope["query_string"]
    if not query:
        return
    if b"%00" in query:
        query = query.replace(b"%00", _REPLACED_IN_QUERY)
    if scope["method"] == "GET":
        query = b"&".join(pair for pair in query.split(b"&") if _is_given(pair))
    scope["query_string"] = query


def _is_given(pair: bytes) -> bool:
    _, _, value = pair.partition(b"=")
    return bool(value) or pair.startswith(_MAY_BE_EMPTY)
