"""The body of a request: which of its media types is sent, and how."""

from typing import Any

from app.actions.document import BadDocument, text_of
from app.actions.references import References
from app.actions.schemas import Schemas
from app.db.action_rows import Body, FormField

BODY_ARGUMENT = "body"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


def is_json(media_type: str) -> bool:
    return media_type == JSON or media_type.endswith("+json")


def body_of(
    argument: str, content: dict[str, Any], references: References, schemas: Schemas
) -> tuple[Body, dict[str, Any]]:
    """Return the body that is sent as this argument, and its schema. Raises `BadDocument`."""
    offered = content.get("content")
    if not isinstance(offered, dict) or not offered:
        raise BadDocument("its body has no media type")
    written = _chosen([*offered])
    media = references.follow(offered[written])
    encoding = media.get("encoding")
    fields = {
        name: FormField(text_of(one.get("style")) or "form", one.get("explode", True) is True)
        for name, one in (encoding if isinstance(encoding, dict) else {}).items()
        if isinstance(one, dict) and ("style" in one or "explode" in one)
    }
    media_type = JSON if written == "*/*" else written.partition(";")[0].strip().lower()
    return Body(argument, media_type, fields), schemas.plain(media.get("schema"))


def _chosen(media_types: list[str]) -> str:
    """Return the media type that this server writes best."""

    def rank(written: str) -> int:
        plain = written.partition(";")[0].strip().lower()
        if is_json(plain) or plain == "*/*":
            return 0 if plain == JSON else 1
        if plain in (FORM, MULTIPART):
            return 2 if plain == FORM else 3
        return 4 if plain.startswith("text/") else 5

    best = min(media_types, key=rank)
    if rank(best) == 5:
        raise BadDocument(f"its body is {best}, which can't be sent")
    return best
