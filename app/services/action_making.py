"""Makes the rows of actions from what clients and the assistants file say about them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from app.actions.document import BadDocument, checked, parsed, server_of, title_of
from app.actions.operations import Found, operations_in
from app.core.outbound.addresses import OutboundRefused
from app.core.outbound.client import OutboundClient, OutboundFailed, OutboundRequest
from app.core.sealing import Sealer
from app.db.action_rows import ActionRow, Operation
from app.domain.clock import now
from app.domain.errors import InvalidRequest
from app.domain.ids import new_id
from app.schemas.actions import (
    MAX_DOCUMENT,
    MAX_OPERATIONS,
    ActionFields,
    ActionUpdate,
    ApiKeyAuth,
    NoAuth,
    OAuthAuth,
)
from app.services.secrets_key import sealed

_FETCH_SECONDS = 20.0
_LONGEST_TITLE = 256


@dataclass(frozen=True)
class Made:
    """An action to write, with its document if that is new."""

    action: ActionRow
    document: dict[str, Any] | None


class ActionMaker:
    """Makes rows of actions from what a client or the assistants file says."""

    def __init__(self, client: OutboundClient, sealer: Sealer) -> None:
        self._client = client
        self.sealer = sealer

    async def made(
        self, project: str, name: str, body: ActionFields, *, action_id: str | None = None
    ) -> Made:
        """Raises `InvalidRequest`."""
        document = await self.document(body)
        blank = ActionRow(
            id=action_id or new_id("action"),
            created_at=now(),
            project=project,
            name=name,
            title="",
            document_url=None,
            server=None,
            address="",
            chosen=None,
            operations=[],
            ask="consequential",
            auth={"type": "none"},
            secret=None,
            metadata={},
        )
        if document is None:
            raise invalid("Give a 'document' or a 'document_url'.", "document")
        action = await self._filled(blank, document, body)
        return Made(action, document)

    async def changed(
        self, before: ActionRow, document: dict[str, Any], body: ActionUpdate
    ) -> Made:
        """Raises `InvalidRequest`."""
        new = await self.document(body)
        named = replace(before, name=body.name or before.name)
        action = await self._filled(named, document if new is None else new, body)
        if action.secret is not None and action.secret == before.secret:
            _check_destination(before, action)
        return Made(action, new)

    async def document(self, body: ActionFields) -> dict[str, Any] | None:
        """Return the document that is given or fetched. Raises `InvalidRequest`."""
        if body.document is not None and body.document_url is not None:
            raise invalid("Give only one of 'document' and 'document_url'.", "document_url")
        try:
            if isinstance(body.document, dict):
                return await asyncio.to_thread(checked, body.document)
            if body.document is not None:
                return await asyncio.to_thread(parsed, body.document)
            if body.document_url is not None:
                return await self._fetched(body.document_url)
        except BadDocument as error:
            raise invalid(str(error), "document") from error
        return None

    async def _fetched(self, url: str) -> dict[str, Any]:
        accept = {"Accept": "application/json, application/yaml;q=0.9, text/*;q=0.8, */*;q=0.1"}
        request = OutboundRequest("GET", url, accept, seconds=_FETCH_SECONDS)
        try:
            answer = await self._client.send(request, most_bytes=4 * MAX_DOCUMENT)
        except (OutboundRefused, OutboundFailed) as error:
            raise invalid(f"The document was not fetched: {error}.", "document_url") from error
        if answer.status != 200:
            raise invalid(
                f"The document was not fetched: HTTP {answer.status} {answer.reason}".rstrip()
                + ".",
                "document_url",
            )
        return await asyncio.to_thread(parsed, answer.text)

    async def _filled(
        self, action: ActionRow, document: dict[str, Any], body: ActionFields
    ) -> ActionRow:
        """Return the action with the fields that are given. Raises `InvalidRequest`."""
        given = body.model_fields_set
        if body.document is not None:
            action = replace(action, document_url=None)
        elif body.document_url is not None:
            action = replace(action, document_url=body.document_url)
        if "server" in given:
            action = replace(action, server=body.server)
        if "operations" in given:
            action = replace(action, chosen=body.operations)
        if "ask" in given:
            action = replace(action, ask=body.ask or "consequential")
        if "metadata" in given:
            action = replace(action, metadata=body.metadata or {})
        if "auth" in given:
            action = await self._authenticated(action, body.auth or NoAuth(type="none"))
        action = replace(
            action,
            title=title_of(document)[:_LONGEST_TITLE] or action.name,
            address=self._address(action, document),
        )
        found = await asyncio.to_thread(_checked_operations, action, document)
        return replace(action, operations=found)

    async def _authenticated(
        self, action: ActionRow, auth: NoAuth | ApiKeyAuth | OAuthAuth
    ) -> ActionRow:
        if isinstance(auth, NoAuth):
            return replace(action, auth={"type": "none"}, secret=None)
        if isinstance(auth, OAuthAuth):
            self._check_url(auth.token_url, "auth.token_url")
        plain = {name: value for name, value in auth.given().items() if name != "secret"}
        if auth.secret is None:
            if action.secret is None:
                raise invalid("The authentication needs a secret.", "auth.secret")
            return replace(action, auth=plain)
        secret = await sealed(self.sealer, action.id, auth.secret, param="auth.secret")
        return replace(action, auth=plain, secret=secret)

    def _address(self, action: ActionRow, document: dict[str, Any]) -> str:
        try:
            address = action.server or server_of(document, action.document_url)
        except BadDocument as error:
            raise invalid(str(error), "server") from error
        if not address:
            raise invalid(
                "The document names no server that can be called. Give its address in 'server'.",
                "server",
            )
        self._check_url(address, "server")
        return address

    def _check_url(self, url: str, param: str) -> None:
        try:
            self._client.check(url)
        except OutboundRefused as error:
            raise invalid(f"Invalid '{param}': {error}.", param) from error


def found_in(
    document: dict[str, Any], document_url: str | None, auth: Mapping[str, str]
) -> list[Found]:
    """Return the operations of a document, without the parameter that the API key fills in."""
    of_auth: frozenset[tuple[str, str]] = frozenset()
    if auth.get("in") in ("header", "query"):
        name = auth["name"].lower() if auth["in"] == "header" else auth["name"]
        of_auth = frozenset({(auth["in"], name)})
    return operations_in(document, document_url, without=of_auth)


def _checked_operations(action: ActionRow, document: dict[str, Any]) -> list[Operation]:
    """Return the operations that the action offers. Raises `InvalidRequest`."""
    try:
        found = found_in(document, action.document_url, action.auth)
    except BadDocument as error:
        raise invalid(str(error), "document") from error
    by_name = {one.name: one for one in found}
    for name in action.chosen or ():
        if name not in by_name:
            some = ", ".join([*by_name][:20])
            raise invalid(f"The document has no operation '{name}'. It has: {some}.", "operations")
        if by_name[name].problem:
            raise invalid(f"'{name}' can't be called: {by_name[name].problem}.", "operations")
    wanted = [*by_name] if action.chosen is None else [*dict.fromkeys(action.chosen)]
    offered = [one for name in wanted if (one := by_name[name].operation) is not None]
    if not offered and action.chosen is None:
        raise invalid("The document has no operation that can be called.", "document")
    if len(offered) > MAX_OPERATIONS:
        raise invalid(
            f"The document has {len(offered)} operations. Choose at most {MAX_OPERATIONS} of them "
            "in 'operations'; an empty list chooses none for now.",
            "operations",
        )
    return offered


def _check_destination(before: ActionRow, after: ActionRow) -> None:
    """Refuse to send a stored secret to another server than the one that it was entered for."""
    places = ((before.address, after.address), *[(_token_url(before), _token_url(after))])
    if any(_origin(old) != _origin(new) for old, new in places):
        raise invalid(
            "The secret was entered for another server. Send it again with this change.",
            "auth.secret",
        )


def _token_url(action: ActionRow) -> str:
    return action.auth.get("token_url", "")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def invalid(message: str, param: str) -> InvalidRequest:
    return InvalidRequest(message, param=param, code="invalid_action")
