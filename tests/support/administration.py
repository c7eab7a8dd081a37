"""Servers whose projects and keys are managed while they run, and what the tests do with them."""

from typing import Any

from tests.support.callers import CallAs, Caller
from tests.support.server import Running

ADMIN_KEY = "admin-key-of-these-tests-0123456789"


class Admin:
    """The holder of the server's `ADMIN_KEY`."""

    def __init__(self, server: Running, call_as: CallAs) -> None:
        self.server = server
        self.call_as = call_as
        self.http = call_as(server, ADMIN_KEY).http

    def project(self, name: str = "cafe", **limits: Any) -> dict[str, Any]:
        return self._made("/admin/projects", {"name": name, **limits})

    def key(self, project: str = "cafe", **limits: Any) -> dict[str, Any]:
        """Make a key; its value is in `value`."""
        body = limits if "replaces" in limits else {"name": "a key", **limits}
        return self._made(f"/admin/projects/{project}/keys", body)

    def change(self, key: dict[str, Any], **changes: Any) -> dict[str, Any]:
        return self._made(f"/admin/keys/{key['id']}", changes)

    def found(self, key: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.get(f"/admin/keys/{key['id']}")
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def caller(self, key: dict[str, Any], **headers: str) -> Caller:
        return self.call_as(self.server, key["value"], **headers)

    def _made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made
