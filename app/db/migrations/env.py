"""What Alembic runs; it is given the connection and leaves the transaction to its owner."""

from alembic import context

from app.db import file_tables  # noqa: F401 - its tables join the others in `metadata`
from app.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
