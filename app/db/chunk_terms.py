"""Chooses the words of a long question to search for: the rarest, which are the most specific.

The cost of a search is the number of its words times the number of chunks that contain them.
"""

import json
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, text

from app.db.knowledge_tables import lexeme

# The maximum number of words to search for; a question of a few sentences has fewer.
MOST_TERMS = 64
# The maximum number of words to count when looking for the rarest. They are taken from the start
# and the end of the question, where people who paste a long text say what they want.
_MOST_COUNTED = 256

# Each connection creates its own: the table has no content, but shows that of the index.
_VOCABULARY = text(
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.chunk_terms USING fts5vocab(main, chunk_index, row)"
)
_RAREST_BY_FTS5 = text(
    "SELECT term FROM json_each(:terms) AS asked JOIN temp.chunk_terms ON term = asked.value "
    "ORDER BY doc, asked.key LIMIT :count"
)
_RAREST_BY_GIN = text(
    """
    SELECT term FROM (
        SELECT term, place, (
            SELECT count(*) FROM chunks
            WHERE tokens @@ term::tsquery AND vector_store_id IN :stores
        ) AS holders
        FROM unnest(CAST(:terms AS text[])) WITH ORDINALITY AS asked (term, place)
    ) AS counted
    WHERE holders > 0 ORDER BY holders, place LIMIT :count
    """
).bindparams(bindparam("stores", expanding=True))


def searched_terms(
    connection: Connection, store_ids: Collection[str], terms: Sequence[str]
) -> list[str]:
    """Return the terms to search for: all of them if they are few, else the rarest ones.

    If there are many, those that no chunk contains are omitted; SQLite counts over all stores.
    """
    if len(terms) <= MOST_TERMS:
        return [*terms]
    half = _MOST_COUNTED // 2
    counted = terms if len(terms) <= _MOST_COUNTED else [*terms[:half], *terms[-half:]]
    if connection.dialect.name == "sqlite":
        connection.execute(_VOCABULARY)
        values = {"terms": json.dumps(counted), "count": MOST_TERMS}
        return list(connection.execute(_RAREST_BY_FTS5, values).scalars())
    # By lexeme, as PostgreSQL reads the term.
    known = {lexeme(term): term for term in counted}
    asked = {"terms": [*known], "stores": [*store_ids], "count": MOST_TERMS}
    return [known[found] for found in connection.execute(_RAREST_BY_GIN, asked).scalars()]
