"""Use cases of drafts: changes of an assistant that are tried and published later, and undone."""

import re
from typing import Any

from app.db import assistants, drafts, versions
from app.db.database import Connection, Database
from app.db.paging import Page
from app.db.rows import AssistantDraftRow, AssistantRow, AssistantVersionRow
from app.domain.access import SHARED, Caller
from app.domain.clock import now
from app.domain.digests import json_digest
from app.domain.errors import Conflict, InvalidRequest, NotFound, not_found
from app.schemas.assistants import Assistant, AssistantFields
from app.schemas.code_interpreter import shown_resources
from app.schemas.common import ListPage
from app.schemas.drafts import (
    Draft,
    DraftDeleted,
    DraftWrite,
    ListedVersion,
    Publish,
    Version,
)
from app.schemas.tools import ToolResources
from app.services.action_functions import refuse_redefined
from app.services.assistant_versions import (
    author_of,
    change,
    content_of,
    current,
    locked,
)
from app.services.assistants import stored_field
from app.services.code_files import check_code_files
from app.wire import assistant_object

# Larger ones are not integers of the databases.
_NUMBER = re.compile(r"[0-9]{1,9}")


class DraftService:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def retrieve(self, project: str, assistant_id: str) -> Draft:
        return await self._database.read(_read, project, assistant_id)

    async def save(self, caller: Caller, assistant_id: str, body: DraftWrite) -> Draft:
        return await self._database.transaction(_save, caller, assistant_id, body)

    async def discard(self, project: str, assistant_id: str) -> DraftDeleted:
        deleted = await self._database.transaction(_discard, project, assistant_id)
        return DraftDeleted(assistant_id=assistant_id, deleted=deleted)

    async def publish(self, caller: Caller, assistant_id: str, body: Publish) -> Assistant:
        changed = await self._database.transaction(_publish, caller, assistant_id, body)
        return assistant_object(changed)

    async def list_versions(
        self, project: str, assistant_id: str, page: Page
    ) -> ListPage[ListedVersion]:
        rows, has_more = await self._database.read(_list_versions, project, assistant_id, page)
        return ListPage[ListedVersion].of([_listed(row) for row in rows], has_more=has_more)

    async def version(self, project: str, assistant_id: str, wanted: str) -> Version:
        """`wanted`: the version's number, or its id."""
        found = await self._database.read(_version, project, assistant_id, wanted)
        return Version(**_about(found), **_shown(found.content))

    async def restore(self, caller: Caller, assistant_id: str, wanted: str) -> Assistant:
        """`wanted`: the version's number, or its id."""
        changed = await self._database.transaction(_restore, caller, assistant_id, wanted)
        return assistant_object(changed)


def _read(connection: Connection, project: str, assistant_id: str) -> Draft:
    assistant = assistants.retrieve(connection, project, assistant_id)
    return _draft(connection, assistant, drafts.find(connection, assistant_id))


def _save(connection: Connection, caller: Caller, assistant_id: str, body: DraftWrite) -> Draft:
    assistant = locked(connection, caller.project, assistant_id)
    check_code_files(connection, Caller(caller.project), body.tool_resources)
    before = drafts.find(connection, assistant_id)
    _check_revision(before, body.revision, assistant_id)
    if before is None:
        base = _base(connection, assistant, body.base_version)
    else:
        base = (before.base_version, before.base_digest)
    draft = AssistantDraftRow(
        assistant_id=assistant_id,
        revision=1 + (before.revision if before else 0),
        base_version=base[0],
        base_digest=base[1],
        updated_at=now(),
        author=author_of(caller),
        content={
            "model": body.model,
            **{name: stored_field(body, name) for name in AssistantFields.model_fields},
        },
    )
    refuse_redefined(connection, caller.project, draft.content["tools"])
    drafts.write(connection, draft)
    return _draft(connection, assistant, draft)


def _base(connection: Connection, assistant: AssistantRow, wanted: int | None) -> tuple[int, str]:
    """Return the number and the digest of the version that a new draft is begun from."""
    is_now = current(connection, assistant)
    if wanted is None or wanted == is_now.number:
        return is_now.number, json_digest(is_now.content)
    found = versions.find(connection, assistant.id, wanted)
    if found is None:
        raise InvalidRequest(
            f"Invalid 'base_version': there is no version {wanted} of '{assistant.id}'.",
            param="base_version",
            code="invalid_value",
        )
    return wanted, json_digest(found.content)


def _discard(connection: Connection, project: str, assistant_id: str) -> bool:
    locked(connection, project, assistant_id)
    return drafts.remove(connection, assistant_id)


def _publish(
    connection: Connection, caller: Caller, assistant_id: str, body: Publish
) -> AssistantRow:
    assistant = locked(connection, caller.project, assistant_id)
    draft = drafts.find(connection, assistant_id)
    if draft is None:
        raise NotFound(f"The assistant '{assistant_id}' has no draft.", code="draft_not_found")
    _check_revision(draft, body.revision, assistant_id)
    if not body.overwrite and draft.base_digest != json_digest(content_of(assistant)):
        is_now = current(connection, assistant)
        raise Conflict(
            f"The assistant '{assistant_id}' was changed after this draft was begun: version "
            f"{is_now.number} is published, and the draft was begun from version "
            f"{draft.base_version}. Send 'overwrite': true to replace it.",
            code="assistant_changed",
        )
    content = _with_new_documents(connection, assistant, draft)
    changed = _written(connection, caller, assistant, content, "published")
    drafts.remove(connection, assistant_id)
    return changed


def _with_new_documents(
    connection: Connection, assistant: AssistantRow, draft: AssistantDraftRow
) -> dict[str, Any]:
    """Return the draft with the tools and files that the assistant got after it was begun.

    Documents are added to the published assistant. A draft that leaves them as they were must not
    take them away.
    """
    base = versions.find(connection, assistant.id, draft.base_version)
    if base is None:
        return draft.content
    published = content_of(assistant)
    untouched = {
        name: published[name]
        for name in ("tools", "tool_resources")
        if draft.content[name] == base.content[name]
    }
    return {**draft.content, **untouched}


def _restore(
    connection: Connection, caller: Caller, assistant_id: str, wanted: str
) -> AssistantRow:
    assistant = locked(connection, caller.project, assistant_id)
    found = _version(connection, caller.project, assistant_id, wanted)
    return _written(connection, caller, assistant, found.content, "restored")


def _written(
    connection: Connection,
    caller: Caller,
    assistant: AssistantRow,
    content: dict[str, Any],
    cause: Any,
) -> AssistantRow:
    # A file of the content may have been deleted meanwhile.
    resources = ToolResources.model_validate(content["tool_resources"])
    check_code_files(connection, Caller(caller.project), resources)
    return change(connection, assistant, content, cause, author_of(caller))


def _list_versions(
    connection: Connection, project: str, assistant_id: str, page: Page
) -> tuple[list[AssistantVersionRow], bool]:
    assistant = assistants.retrieve(connection, project, assistant_id)
    only = current(connection, assistant)
    if versions.newest(connection, assistant_id) is None:
        # Its only version has no row.
        cursors = [one for one in (page.after, page.before) if one is not None]
        for cursor in cursors:
            if cursor != only.id:
                raise not_found("assistant_version", cursor)
        return ([] if cursors else [only]), False
    return versions.list_page(connection, assistant_id, page)


def _version(
    connection: Connection, project: str, assistant_id: str, wanted: str
) -> AssistantVersionRow:
    assistant = assistants.retrieve(connection, project, assistant_id)
    if _NUMBER.fullmatch(wanted):
        found = versions.find(connection, assistant_id, int(wanted))
    else:
        found = versions.find_by_id(connection, assistant_id, wanted)
    if found is None:
        # What it is now may have no row.
        found = current(connection, assistant)
        if wanted not in (str(found.number), found.id):
            raise NotFound(f"The assistant '{assistant_id}' has no version '{wanted}'.")
    return found


def _check_revision(
    draft: AssistantDraftRow | None, revision: int | None, assistant_id: str
) -> None:
    """Raises `Conflict` if the editor has not seen the draft as it is."""
    there = 0 if draft is None else draft.revision
    if revision is not None and revision != there:
        raise Conflict(
            f"The draft of '{assistant_id}' was changed meanwhile: its revision is {there}, not "
            f"{revision}. Get it again, or leave out 'revision' to overwrite it.",
            code="draft_changed",
        )


def _draft(
    connection: Connection, assistant: AssistantRow, draft: AssistantDraftRow | None
) -> Draft:
    published = current(connection, assistant)
    return Draft(
        assistant_id=assistant.id,
        revision=draft.revision if draft else 0,
        base_version=draft.base_version if draft else published.number,
        published_version=published.number,
        configured=assistant.project == SHARED,
        updated_at=draft.updated_at if draft else None,
        updated_by=draft.author if draft else None,
        **_shown(draft.content if draft else published.content),
    )


def _shown(content: dict[str, Any]) -> dict[str, Any]:
    resources = shown_resources(content["tool_resources"], content["tools"])
    return {**content, "tool_resources": resources}


def _listed(version: AssistantVersionRow) -> ListedVersion:
    content = version.content
    return ListedVersion(**_about(version), name=content["name"], model=content["model"])


def _about(version: AssistantVersionRow) -> dict[str, Any]:
    return {
        "id": version.id,
        "assistant_id": version.assistant_id,
        "number": version.number,
        "created_at": version.created_at,
        "created_by": version.author,
        "cause": version.cause,
    }
