"""The database's clock, which all processes share; the clocks of their machines may differ."""

from typing import Any

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class database_seconds(FunctionElement[float]):
    """The Unix time in seconds, with fractions, at which the statement is executed."""

    type = Float()
    inherit_cache = True


@compiles(database_seconds, "postgresql")
def _postgresql(_element: Any, _compiler: Any, **_: Any) -> str:
    # Not `now()`, which is the time at which the transaction began.
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


@compiles(database_seconds, "sqlite")
def _sqlite(_element: Any, _compiler: Any, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"
