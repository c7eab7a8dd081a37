"""Run by Alembic. It gets the connection, and the caller owns the transaction."""

from alembic import context

# Their tables join the others in `metadata`.
from app.db import access_tables, feedback_tables, file_tables, summary_tables  # noqa: F401
from app.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
