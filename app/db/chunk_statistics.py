"""What PostgreSQL's own statistics say about words, so that common ones need not be counted.

Counting the chunks that contain a common word visits each of them, which takes most of the time of
a search in a large store.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, text

# In smaller tables, or for smaller parts of one, counting is fast and the statistics are coarse.
_LEAST_CHUNKS = 10_000
_LEAST_SHARE = 0.2

_SIZE = text("SELECT reltuples FROM pg_class WHERE oid = to_regclass('chunks')")
# As text: the arrays have the column's type.
_COLUMNS = text(
    "SELECT attname, most_common_vals::text::text[] AS values, most_common_freqs AS shares, "
    "CASE WHEN attname = 'tokens' THEN most_common_elems::text::text[] END AS words, "
    "most_common_elem_freqs AS word_shares FROM pg_stats "
    "WHERE schemaname = current_schema() AND tablename = 'chunks' "
    "AND attname IN ('vector_store_id', 'tokens')"
)


@dataclass(frozen=True)
class Statistics:
    """`chunks`: how many there are; `share`: which part of them is in the searched stores;
    `holders`: how many contain a word, for the most common words.
    """

    chunks: float
    share: float
    holders: dict[str, int]


def statistics(connection: Connection, store_ids: Collection[str]) -> Statistics | None:
    """Return what is known; None if the stores are small, or the table was not analysed yet."""
    chunks = connection.scalar(_SIZE) or 0
    if chunks < _LEAST_CHUNKS:
        return None
    columns = {row.attname: row for row in connection.execute(_COLUMNS)}
    if columns.keys() != {"vector_store_id", "tokens"}:
        return None
    stores, words = columns["vector_store_id"], columns["tokens"]
    shares = dict(zip(stores.values or (), stores.shares or (), strict=False))
    share = sum(shares.get(store_id, 0.0) for store_id in store_ids)
    if share < _LEAST_SHARE:
        return None
    # The last shares are no word's: they are the least and the greatest ones.
    known = zip(words.words or (), words.word_shares or (), strict=False)
    return Statistics(chunks, min(share, 1.0), {word: round(part * chunks) for word, part in known})
