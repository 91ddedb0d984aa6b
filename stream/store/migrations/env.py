"""What Alembic runs to migrate: always over the connection that `upgrade` hands it, in one transaction."""

from alembic import context

from stream.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
