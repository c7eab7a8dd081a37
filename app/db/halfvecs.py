"""Embeddings as half-precision vectors with an HNSW index: PostgreSQL with the extension `vector`.

Everything here begins with `chunk_index` in the database. A trigger copies each new embedding, so
that every server that adds passages keeps the index true, and deleting a passage deletes its copy.
The packed embeddings stay the truth: what the index finds is compared with them.
"""

import logging
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, TextClause, bindparam, text
from sqlalchemy.exc import DBAPIError

logger = logging.getLogger(__name__)

# The most dimensions that an HNSW index takes.
MOST_DIMENSIONS = 4000
# How many passages the index looks at before it answers, and at most if many are of other stores.
_LOOKED_AT = 120
_MOST_LOOKED_AT = 40_000

# Older versions than 0.8 can't go on looking for passages of one store.
_IS_OFFERED = text(
    "SELECT 1 FROM pg_available_extensions WHERE name = 'vector' "
    "AND string_to_array(coalesce(installed_version, default_version), '.')::int[] >= '{0,8}'"
)
_CREATE = text("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public")
# Where the extension is: other products install it elsewhere than in `public`.
_PLACE = text(
    "SELECT quote_ident(nspname) FROM pg_extension "
    "JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector'"
)
_HERE = text("SELECT quote_ident(current_schema())")
_IS_THERE = text("SELECT to_regclass('chunk_index_vectors') IS NOT NULL")
_KNOWN_DIMENSIONS = text(
    "SELECT DISTINCT octet_length(embedding) FROM chunks "
    "WHERE octet_length(embedding) BETWEEN 1 AND :most"
).bindparams(most=MOST_DIMENSIONS)

# {v}: the extension's schema, {s}: our own. Triggers know neither by the search path.
_TABLES = (
    """
    CREATE TABLE chunk_index_vectors (
        sequence bigint PRIMARY KEY REFERENCES chunks (sequence) ON DELETE CASCADE,
        vector_store_id text NOT NULL,
        file_id text NOT NULL,
        embedding {v}.halfvec NOT NULL
    )
    """,
    "CREATE INDEX chunk_index_vectors_of_file ON chunk_index_vectors (vector_store_id, file_id)",
    """
    CREATE FUNCTION chunk_index_halfvec(packed bytea) RETURNS {v}.halfvec
    LANGUAGE sql IMMUTABLE STRICT AS $$
        SELECT array_agg(
            CASE WHEN byte > 127 THEN byte - 256 ELSE byte END::real ORDER BY place
        )::{v}.halfvec
        FROM generate_series(0, octet_length(packed) - 1) AS place,
        LATERAL get_byte(packed, place) AS byte
    $$
    """,
    """
    CREATE FUNCTION chunk_index_copy() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO {s}.chunk_index_vectors (sequence, vector_store_id, file_id, embedding) VALUES (
            new.sequence, new.vector_store_id, new.file_id, {s}.chunk_index_halfvec(new.embedding)
        );
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER chunk_index_copied AFTER INSERT ON chunks FOR EACH ROW
    WHEN (octet_length(new.embedding) BETWEEN 1 AND 4000)
    EXECUTE FUNCTION chunk_index_copy()
    """,
    """
    INSERT INTO chunk_index_vectors (sequence, vector_store_id, file_id, embedding)
    SELECT sequence, vector_store_id, file_id, chunk_index_halfvec(embedding)
    FROM chunks WHERE octet_length(embedding) BETWEEN 1 AND 4000
    """,
)
_INDEX = """
    CREATE INDEX IF NOT EXISTS chunk_index_of_{dimensions} ON chunk_index_vectors
    USING hnsw ((embedding::{v}.halfvec({dimensions})) {v}.halfvec_cosine_ops)
    WHERE {v}.vector_dims(embedding) = {dimensions}
"""
_NEAREST = """
    SELECT sequence FROM chunk_index_vectors
    WHERE {v}.vector_dims(embedding) = {dimensions} AND vector_store_id IN :stores {files}
    ORDER BY embedding::{v}.halfvec({dimensions})
        OPERATOR({v}.<=>) CAST(:question AS {v}.halfvec({dimensions}))
    LIMIT :count
"""
# For this transaction only. Without an iterative scan, other stores' passages would use up the
# places of this one's.
_LIMITS = text(
    f"SELECT set_config('hnsw.ef_search', '{_LOOKED_AT}', true), "
    "set_config('hnsw.iterative_scan', 'relaxed_order', true), "
    f"set_config('hnsw.max_scan_tuples', '{_MOST_LOOKED_AT}', true)"
)


def prepare(connection: Connection) -> None:
    """Create the extension and our tables if that is possible and was not done before.

    The first time this copies all embeddings, which takes about a minute for 100,000.
    """
    if connection.dialect.name != "postgresql" or connection.scalar(_IS_THERE):
        return
    if not connection.scalar(_IS_OFFERED) or not _is_created(connection):
        return
    names = _names(connection)
    for statement in _TABLES:
        connection.execute(text(statement.format(**names)))
    for dimensions in connection.execute(_KNOWN_DIMENSIONS).scalars().all():
        index(connection, dimensions)
    logger.info("vector stores are searched by meaning with PostgreSQL's extension vector")


def _is_created(connection: Connection) -> bool:
    if connection.scalar(_PLACE):
        return True
    try:
        with connection.begin_nested():
            connection.execute(_CREATE)
    except DBAPIError as error:
        # It needs the right to create objects in the database.
        state = getattr(error.orig, "sqlstate", None)
        logger.warning("PostgreSQL's extension vector could not be created [SQLSTATE %s]", state)
        return False
    return True


def is_there(connection: Connection) -> bool:
    """Return whether the embeddings of this database have copies that can be searched."""
    return connection.dialect.name == "postgresql" and bool(connection.scalar(_IS_THERE))


def index(connection: Connection, dimensions: int) -> None:
    """Create the index for embeddings of this length, if it isn't there: best before they are."""
    if 0 < dimensions <= MOST_DIMENSIONS and is_there(connection):
        names = _names(connection)
        connection.execute(text(_INDEX.format(dimensions=dimensions, **names)))


def nearest(
    connection: Connection,
    store_ids: Collection[str],
    question: Sequence[float],
    limit: int,
    file_ids: Collection[str] | None = None,
) -> list[int]:
    """Return the ids of about the nearest passages; `file_ids`: only passages of these files."""
    values: dict[str, object] = {
        "stores": list(store_ids),
        "question": "[" + ",".join(f"{number:.6g}" for number in question) + "]",
        "count": limit,
    }
    if file_ids is not None:
        values["files"] = list(file_ids)
    connection.execute(_LIMITS)
    statement = _ranking(_names(connection)["v"], len(question), of_files=file_ids is not None)
    return list(connection.execute(statement, values).scalars())


def _ranking(place: str, dimensions: int, *, of_files: bool) -> TextClause:
    files = "AND file_id IN :files" if of_files else ""
    lists = ["stores", "files"] if of_files else ["stores"]
    return text(_NEAREST.format(v=place, dimensions=dimensions, files=files)).bindparams(
        *(bindparam(name, expanding=True) for name in lists)
    )


def _names(connection: Connection) -> dict[str, str]:
    return {"v": str(connection.scalar(_PLACE)), "s": str(connection.scalar(_HERE))}
