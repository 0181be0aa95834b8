"""Alembic's entry: runs on the connection that kagemusha.store.migrate hands over."""

from alembic import context
from kagemusha.store.models import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
