"""Statements about the versions of assistants. Callers check first whose the assistant is."""

from sqlalchemy import Connection, bindparam, delete, select

from app.db.draft_tables import assistant_versions as versions
from app.db.paging import Page, read_page
from app.db.rows import ASSISTANT_VERSIONS, AssistantVersionRow

_of_assistant = versions.c.assistant_id == bindparam("of_assistant")

_NEWEST = select(versions).where(_of_assistant).order_by(versions.c.number.desc()).limit(1)
_BY_ID = select(versions).where(_of_assistant, versions.c.id == bindparam("wanted"))
_BY_NUMBER = select(versions).where(_of_assistant, versions.c.number == bindparam("wanted"))
_FORGET = delete(versions).where(_of_assistant, versions.c.number <= bindparam("last"))


def newest(connection: Connection, assistant_id: str) -> AssistantVersionRow | None:
    found = connection.execute(_NEWEST, {"of_assistant": assistant_id}).first()
    return ASSISTANT_VERSIONS.read_first(found)


def find(connection: Connection, assistant_id: str, number: int) -> AssistantVersionRow | None:
    found = connection.execute(_BY_NUMBER, {"of_assistant": assistant_id, "wanted": number}).first()
    return ASSISTANT_VERSIONS.read_first(found)


def find_by_id(
    connection: Connection, assistant_id: str, version_id: str
) -> AssistantVersionRow | None:
    found = connection.execute(_BY_ID, {"of_assistant": assistant_id, "wanted": version_id}).first()
    return ASSISTANT_VERSIONS.read_first(found)


def add(connection: Connection, version: AssistantVersionRow, *, keep: int) -> None:
    """Add a version; of the assistant's versions, the newest `keep` stay."""
    ASSISTANT_VERSIONS.insert(connection, version)
    last = version.number - keep
    if last > 0:
        keys = {"of_assistant": version.assistant_id, "last": last}
        connection.execute(_FORGET, keys)


def list_page(
    connection: Connection, assistant_id: str, page: Page
) -> tuple[list[AssistantVersionRow], bool]:
    rows, has_more = read_page(
        connection, versions, "assistant_version", page, assistant_id=assistant_id
    )
    return ASSISTANT_VERSIONS.read_all(rows), has_more
