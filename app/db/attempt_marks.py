"""The column type for the attempt that created a row.

On PostgreSQL, writing a mark also takes a shared lock on its digest until the transaction ends, in
the same statement, so that it costs no other. A repeat of the request takes the lock for itself
alone: it waits until the attempts before it are committed, and then sees them.
"""

from typing import Any

from sqlalchemy import BindParameter, String, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

# The first key of these advisory locks; the second is a hash of the digest.
LOCKS = 7405929
# How many characters a digest has. A mark begins with it.
DIGEST_LENGTH = 32


class _Held(FunctionElement[str]):
    """The mark itself. On PostgreSQL, its digest is locked on the way."""

    name = "held"
    type = String()
    inherit_cache = True


@compiles(_Held)
def _unlocked(held: _Held, compiler: SQLCompiler, **options: Any) -> str:
    # SQLite has one writer.
    [mark] = held.clauses
    return compiler.process(mark, **options)


@compiles(_Held, "postgresql")
def _locked(held: _Held, compiler: SQLCompiler, **options: Any) -> str:
    [mark] = held.clauses
    given = compiler.process(mark, **options)
    # Without a mark the function, which is strict, is not called.
    lock = f"pg_advisory_xact_lock_shared({LOCKS}, hashtext(left(mark, {DIGEST_LENGTH})))"
    return f"(SELECT mark FROM (SELECT {given}::varchar AS mark) AS given, {lock})"


class AttemptMark(TypeDecorator[str]):
    impl = String
    cache_ok = True

    def bind_expression(self, bindparam: BindParameter[str]) -> _Held:
        return _Held(bindparam)
