"""Response headers that say when the model of an assistant or a run is shut down.

`Deprecation` (RFC 9745) has the day of the announcement, if it is known, and `Sunset` (RFC 8594)
the day of the shutdown, both at midnight (UTC).
"""

from datetime import UTC, date, datetime, time
from email.utils import format_datetime

from app.api.deps import Services
from app.core.retirements import NOTICE_URL
from app.domain.access import Caller

_LINK = f'<{NOTICE_URL}>; rel="deprecation"; type="text/html"'


def retirement_headers(services: Services, caller: Caller, model: str) -> dict[str, str]:
    """Return the headers; none for a model that stays, and for visitors."""
    retirement = services.models.retirement(model) if caller.session is None else None
    if retirement is None:
        return {}
    headers = {"sunset": format_datetime(_midnight(retirement.shutdown), usegmt=True)}
    if retirement.announced is not None:
        headers["deprecation"] = f"@{int(_midnight(retirement.announced).timestamp())}"
        headers["link"] = _LINK
    return headers


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
