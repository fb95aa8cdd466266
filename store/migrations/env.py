from alembic import context
from sqlalchemy import create_engine, pool, text
from sqlmodel import SQLModel

import store.tables  # noqa: F401

MIGRATION_LOCK = 7_205_759_403

engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_type=True)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        context.run_migrations()
