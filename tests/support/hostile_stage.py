"""Existing ids for generated requests: a random id would always get a 404."""

import zlib
from typing import Any

import requests
from schemathesis import Case, GenerationMode, Response
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CaseMetadata

from tests.support.hostile_server import Target


class Stage:
    """A target whose objects generated requests refer to, recreated if a request removes them."""

    def __init__(self, target: Target, session: requests.Session) -> None:
        """`session`: one connection for all requests: a new one costs more than an answer."""
        self.base_url = target.server.base_url
        self.session = session
        self._target = target

    def place(self, case: Case) -> None:
        """Insert existing ids, unless the case needs invalid ones.

        Some cases keep their random ids. Which ones depends only on the case, so that failures are
        reproducible.
        """
        meta = case.meta
        assert meta is not None
        self._show_key(case, meta)
        kept = zlib.crc32(repr((case.path_parameters, case.query)).encode()) % 5 == 0
        ids = {} if kept else self._target.named(case.path_parameters)
        good = [
            location
            for location, component in meta.components.items()
            if component.mode is GenerationMode.POSITIVE
        ]
        if ParameterLocation.PATH in good:
            case.path_parameters = _filled(dict(case.path_parameters), ids)
        if ParameterLocation.QUERY in good:
            case.query = _filled(dict(case.query), ids)
        if ParameterLocation.BODY in good:
            _fill_body(case, ids)

    def place_in_body(self, case: Case) -> None:
        """Insert existing ids only into a valid body: the path's ids come from earlier answers."""
        assert case.meta is not None
        self._show_key(case, case.meta)
        if case.meta.generation.mode is GenerationMode.POSITIVE:
            _fill_body(case, self._target.ids)

    def _show_key(self, case: Case, meta: CaseMetadata) -> None:
        """Send the key, unless the case is about missing authorization."""
        if getattr(meta.phase.data, "parameter", None) != "Authorization":
            administrative = case.path.startswith("/api/v1/admin/")
            key = self._target.admin_key if administrative else self._target.caller.credential
            case.headers["Authorization"] = f"Bearer {key}"

    def settle(self, case: Case, response: Response) -> None:
        """Recreate what the request has removed or ended."""
        ends = case.method == "DELETE" or (case.method == "POST" and "{run_id}/" in case.path)
        if not ends or response.status_code != 200:
            return
        if "/files" in case.path or "/vector_stores" in case.path:
            self._target.build_stores()
        else:
            self._target.build_threads()


def _fill_body(case: Case, ids: dict[str, str]) -> None:
    # Not in a form: after a change, a form with a file is no longer known to be valid.
    if case.media_type == "application/json" and isinstance(case.body, dict):
        case.body = _filled(case.body, ids)


def _filled(value: Any, ids: dict[str, str], name: str = "") -> Any:
    """Return the value with every named id in it replaced by an existing one."""
    if isinstance(value, dict):
        return {key: _filled(item, ids, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, ids, name.removesuffix("s")) for item in value]
    if isinstance(value, float) and value.is_integer():
        # In JSON schema 1.0 is an integer; here, as in OpenAI's API, it is not.
        return int(value)
    return ids.get(name, value) if isinstance(value, str) else value
