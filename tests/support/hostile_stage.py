"""Ids for generated requests: one made up by chance would never get past a 404."""

import zlib
from typing import Any

import requests
from schemathesis import Case, GenerationMode, Response
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CaseMetadata

from tests.support.hostile_server import Target


class Stage:
    """A target whose objects generated requests name, put back where one has removed them."""

    def __init__(self, target: Target, session: requests.Session) -> None:
        """`session`: one connection for all, as a new one would cost more than the answer."""
        self.base_url = target.server.base_url
        self.session = session
        self._target = target

    def place(self, case: Case) -> None:
        """Name what is there wherever an id goes, unless a bad one is meant.

        Some cases keep what was made up. Which ones depends on the case alone, so that a failure
        can be had again.
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
        """Name what is there in a valid body alone: the path's ids come from earlier answers."""
        assert case.meta is not None
        self._show_key(case, case.meta)
        if case.meta.generation.mode is GenerationMode.POSITIVE:
            _fill_body(case, self._target.ids)

    def _show_key(self, case: Case, meta: CaseMetadata) -> None:
        """Come as somebody who may, unless it is about those who may not."""
        if getattr(meta.phase.data, "parameter", None) != "Authorization":
            case.headers["Authorization"] = f"Bearer {self._target.caller.credential}"

    def settle(self, case: Case, response: Response) -> None:
        """Put back what the request has removed or ended."""
        ends = case.method == "DELETE" or (case.method == "POST" and "{run_id}/" in case.path)
        if not ends or response.status_code != 200:
            return
        if "/files" in case.path or "/vector_stores" in case.path:
            self._target.build_stores()
        else:
            self._target.build_threads()


def _fill_body(case: Case, ids: dict[str, str]) -> None:
    # Not in a form: what has a file in it is no longer known to be valid once it is changed.
    if case.media_type == "application/json" and isinstance(case.body, dict):
        case.body = _filled(case.body, ids)


def _filled(value: Any, ids: dict[str, str], name: str = "") -> Any:
    """Return a value with every id in it that has a name replaced by one that is there."""
    if isinstance(value, dict):
        return {key: _filled(item, ids, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, ids, name.removesuffix("s")) for item in value]
    if isinstance(value, float) and value.is_integer():
        # For a JSON schema 1.0 is an integer; as in OpenAI's API it is none here.
        return int(value)
    return ids.get(name, value) if isinstance(value, str) else value
