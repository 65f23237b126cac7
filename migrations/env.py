"""Runs the migrations of this folder on the connection that pledges/migrating.py hands over."""

from alembic import context

import moderation.models  # noqa: F401 (its tables join the metadata)
from pledges.db import Base
from pledges.search.index import no_part_of_it

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    include_object=no_part_of_it,
    compare_server_default=False,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
