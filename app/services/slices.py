"""Long work on the database, divided so that other writers take their turn in between."""

from typing import ParamSpec

from app.db.database import Database, Work
from app.db.index_merging import merge_some

P = ParamSpec("P")


async def in_slices(
    database: Database, work: Work[P, bool], *args: P.args, **kwargs: P.kwargs
) -> None:
    """Repeat the transaction as long as it returns True, and merge what it left in the indexes."""
    while await database.long_transaction(work, *args, **kwargs):
        await database.long_transaction(merge_some)
