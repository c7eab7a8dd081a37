"""A request's path and query, put right before anything reads them."""

from starlette.types import Scope

_REPLACED = "\ufffd"
_REPLACED_IN_QUERY = b"%EF%BF%BD"
# Filters of a thread's metadata, whose values may be empty.
_MAY_BE_EMPTY = (b"metadata[", b"metadata%5B", b"metadata%5b")


def put_right(scope: Scope) -> None:
    """Write U+FFFD for NUL, as in bodies, and leave a GET's empty parameters out of its query.

    Forms and no-code tools send `after=` and `limit=` for "not given". In other methods they stay:
    what an empty filter leaves out may be about to be deleted.
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
