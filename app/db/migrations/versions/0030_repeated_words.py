"""PostgreSQL keeps which words a chunk contains more than once.

Its index of words knows only which chunks contain them. Without their numbers, a search had to
unpack the tokens of each chunk that it ranked.

Revision ID: 0030
Revises: 0029
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

POSTGRESQL = (
    # The bits of how often a word is repeated, after it: 화면 three times gives 화면 and bit 1.
    # PostgreSQL counts to 256. Expensive, so that the planner uses the index.
    "CREATE FUNCTION chunk_repeats(tokens tsvector) RETURNS text[]"
    " LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$"
    " SELECT array_agg(lexeme || chr(31) || bit)"
    " FROM unnest(tokens) AS kept, generate_series(0, 7) AS bit"
    " WHERE (cardinality(positions) - 1) >> bit & 1 = 1 $$",
    # As for the index of the words, nothing is left pending: searches would read that one by one.
    "CREATE INDEX chunk_index_repeats ON chunks USING gin (chunk_repeats(tokens))"
    " WITH (fastupdate = off)",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in POSTGRESQL:
            op.execute(statement)
