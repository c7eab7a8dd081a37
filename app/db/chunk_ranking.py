"""Ranks chunks by the words that they contain.

Both databases rank with BM25 over the tokens from `knowledge.analyser`. SQLite's FTS5 has it built
in. PostgreSQL's ranking functions ignore how rare a word is, so BM25 is written out here. It reads
only indexes and short columns, because unpacking the tokens of a chunk takes longer than all else:
`chunk_index` knows the chunks of a word, and `chunk_index_repeats` how often they repeat it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Executable, TextClause, bindparam, select, text

from app.db.chunk_statistics import statistics
from app.db.chunk_terms import searched_terms
from app.db.knowledge_tables import chunks, lexeme

# PostgreSQL ranks only about this many chunks, which contain the question's rarest words. Chunks
# with only its most common words could not come first.
_CANDIDATES = 2000


@dataclass(frozen=True)
class LexicalHit:
    """`coverage`: the share (0 to 1) of the question's distinct tokens that the chunk contains."""

    chunk_id: int
    coverage: float


_TOKENS = select(chunks.c.sequence, chunks.c.tokens).where(
    chunks.c.sequence.in_(bindparam("keys", expanding=True))
)
# The index alone ranks: looking at the row of each match takes twice as long. Only the best ones
# are compared with the stores, because the index ignores case, and ids don't.
_SQLITE = """
    SELECT chunks.sequence
    FROM (
        SELECT rowid AS found, bm25(chunk_index, 1.0, 0.0) AS rank
        FROM chunk_index WHERE chunk_index MATCH :query
        ORDER BY rank, found LIMIT :count
    ) JOIN chunks ON chunks.sequence = found
    WHERE chunks.vector_store_id IN :stores
    ORDER BY rank, found
"""
_SQLITE_OF_FILES = """
    SELECT chunks.sequence
    FROM chunk_index JOIN chunks ON chunks.sequence = chunk_index.rowid
    WHERE chunk_index MATCH :query AND chunks.vector_store_id IN :stores {files}
    ORDER BY bm25(chunk_index, 1.0, 0.0), chunks.sequence
    LIMIT :count
"""

_COUNTED = """
    WITH scope AS MATERIALIZED (
        SELECT count(*) AS chunks, avg(length) AS length
        FROM chunks WHERE vector_store_id IN :stores {files}
    ),
    asked AS MATERIALIZED (
        SELECT place, word, term::tsquery AS query, (
            SELECT count(*) FROM chunks
            WHERE tokens @@ term::tsquery
            AND vector_store_id IN :stores {files}
        ) AS holders
        FROM unnest(CAST(:words AS text[]), CAST(:terms AS text[]))
            WITH ORDINALITY AS given (word, term, place)
    ),
"""
# For stores that are a large part of the table, common words are not counted. Adding a string keeps
# the planner from reading the index of all their chunks for every word.
_ESTIMATED = """
    WITH scope AS MATERIALIZED (
        SELECT CAST(:chunks AS numeric) AS chunks, avg(length) AS length
        FROM (SELECT length FROM chunks WHERE vector_store_id IN :stores LIMIT 1000) AS sample
    ),
    asked AS MATERIALIZED (
        SELECT place, word, term::tsquery AS query, coalesce(known, (
            SELECT count(*) FROM chunks WHERE tokens @@ term::tsquery
        )) AS holders
        FROM unnest(CAST(:words AS text[]), CAST(:terms AS text[]), CAST(:known AS bigint[]))
            WITH ORDINALITY AS given (word, term, known, place)
    ),
"""
# `OFFSET 0` keeps the planner from reading the candidates' tokens instead of the index.
_RANKED = """
    weighed AS MATERIALIZED (
        SELECT
            place,
            word,
            query,
            CAST(ln(1 + (scope.chunks - holders + 0.5) / (holders + 0.5)) AS float8) AS weight,
            sum(holders) OVER (ORDER BY holders, word) AS reach,
            min(holders) OVER () AS least
        FROM asked, scope WHERE holders > 0
    ),
    rare AS MATERIALIZED (
        SELECT string_agg(query::text, '|')::tsquery AS query
        FROM weighed WHERE reach <= greatest(:candidates, least)
    ),
    -- Which word is in which chunk, and the bits of how often it is repeated there.
    occurrences AS (
        SELECT found.sequence, place, found.length, 1 AS times
        FROM weighed CROSS JOIN rare CROSS JOIN LATERAL (
            SELECT sequence, length FROM chunks
            WHERE tokens @@ weighed.query AND tokens @@ rare.query
            AND {store} IN :stores {files} OFFSET 0
        ) AS found
        UNION ALL
        SELECT found.sequence, place, found.length, 1 << bit
        FROM weighed CROSS JOIN rare CROSS JOIN generate_series(0, 7) AS bit CROSS JOIN LATERAL (
            SELECT sequence, length FROM chunks
            WHERE chunk_repeats(tokens) @> ARRAY[word || chr(31) || bit]
            AND tokens @@ rare.query AND {store} IN :stores {files} OFFSET 0
        ) AS found
    ),
    counted AS (
        SELECT
            sequence,
            place,
            CAST(sum(times) AS float8) AS times,
            occurrences.length / CAST(scope.length AS float8) AS length
        FROM occurrences CROSS JOIN scope
        GROUP BY sequence, place, occurrences.length, scope.length
    )
    SELECT sequence
    FROM counted JOIN weighed USING (place)
    GROUP BY sequence
    ORDER BY sum(weight * 2.2 * times / (times + 1.2 * (0.25 + 0.75 * length))) DESC, sequence
    LIMIT :count
"""


def _ranking(statement: str, *, of_files: bool, store: str = "vector_store_id") -> TextClause:
    lists = ["stores", "files"] if of_files else ["stores"]
    condition = "AND chunks.file_id IN :files" if of_files else ""
    return text(statement.format(files=condition, store=store)).bindparams(
        *(bindparam(name, expanding=True) for name in lists)
    )


# By dialect and by whether only some files are searched.
_RANKINGS = {
    ("sqlite", False): _ranking(_SQLITE, of_files=False),
    ("sqlite", True): _ranking(_SQLITE_OF_FILES, of_files=True),
    ("postgresql", False): _ranking(_COUNTED + _RANKED, of_files=False),
    ("postgresql", True): _ranking(_COUNTED + _RANKED, of_files=True),
}
_ESTIMATED_RANKING = _ranking(_ESTIMATED + _RANKED, of_files=False, store="vector_store_id || ''")


def lexical_search(
    connection: Connection,
    store_ids: Collection[str],
    tokens: Sequence[str],
    limit: int,
    file_ids: Collection[str] | None = None,
) -> list[LexicalHit]:
    """Return the chunks of these stores that contain some of the tokens, best first.

    If there are very many distinct tokens, only the rarest are used (`chunk_terms.MOST_TERMS`).
    `file_ids`: only chunks of these files; None: of all files.
    """
    terms = list(dict.fromkeys(tokens))
    if not terms or not store_ids or (file_ids is not None and not file_ids):
        return []
    if not (searched := searched_terms(connection, store_ids, terms)):
        return []
    values: dict[str, object] = {"stores": list(store_ids), "count": limit}
    if file_ids is not None:
        values["files"] = list(file_ids)
    statement = _RANKINGS[connection.dialect.name, file_ids is not None]
    if connection.dialect.name == "sqlite":
        values["query"] = _match(store_ids, searched)
    else:
        values |= {
            "words": searched,
            "terms": [lexeme(term) for term in searched],
            "candidates": _CANDIDATES,
        }
        if file_ids is None and (known := statistics(connection, store_ids)) is not None:
            statement = _ESTIMATED_RANKING
            values |= {
                "known": [known.holders.get(term) for term in searched],
                "chunks": known.chunks,
                # Those of other stores are counted too, and left out later.
                "candidates": round(_CANDIDATES / known.share),
            }
    keys = connection.execute(statement, values).scalars().all()
    return _covered(connection, keys, terms)


def _match(store_ids: Collection[str], terms: Sequence[str]) -> str:
    stores, words = (" OR ".join(map(_phrase, names)) for names in (store_ids, terms))
    return f"vector_store_id : ({stores}) AND tokens : ({words})"


def _phrase(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _covered(connection: Connection, keys: Sequence[int], terms: Sequence[str]) -> list[LexicalHit]:
    tokens_of = dict(_pairs(connection, _TOKENS, {"keys": list(keys)}))
    asked = frozenset(terms)
    return [LexicalHit(key, len(asked.intersection(tokens_of[key])) / len(asked)) for key in keys]


def _pairs(
    connection: Connection, statement: Executable, values: dict[str, object]
) -> list[tuple[int, list[str]]]:
    return [(row[0], row[1]) for row in connection.execute(statement, values)]
