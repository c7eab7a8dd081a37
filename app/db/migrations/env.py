"""Run by Alembic. It gets the connection, and the caller owns the transaction."""

from alembic import context

# Their tables join the others in `metadata`.
from app.db import (  # noqa: F401
    access_tables,
    action_tables,
    draft_tables,
    feedback_tables,
    file_tables,
    handover_tables,
    insight_tables,
    key_tables,
    notification_tables,
    summary_tables,
    usage_tables,
    visitor_tables,
)
from app.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
