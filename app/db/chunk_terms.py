"""Which of a long question's words are searched for: the rarest say most about what is meant.

A search costs the number of its words times the number of chunks that hold them.
"""

import json
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, text

from app.db.knowledge_tables import lexeme

# As many words as are searched for; a question of a few sentences has fewer.
MOST_TERMS = 64
# As many words as are counted, to find the rarest: from the question's beginning and its end,
# where people who paste a long text say what they want.
_MOST_COUNTED = 256

# Made by each connection for itself: it has no content, it shows that of the index.
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

    Of many, those that no chunk holds are left out; SQLite counts over all stores.
    """
    if len(terms) <= MOST_TERMS:
        return [*terms]
    half = _MOST_COUNTED // 2
    counted = terms if len(terms) <= _MOST_COUNTED else [*terms[:half], *terms[-half:]]
    if connection.dialect.name == "sqlite":
        connection.execute(_VOCABULARY)
        values = {"terms": json.dumps(counted), "count": MOST_TERMS}
        return list(connection.execute(_RAREST_BY_FTS5, values).scalars())
    # By its lexeme, as PostgreSQL reads it.
    known = {lexeme(term): term for term in counted}
    asked = {"terms": [*known], "stores": [*store_ids], "count": MOST_TERMS}
    return [known[found] for found in connection.execute(_RAREST_BY_GIN, asked).scalars()]
