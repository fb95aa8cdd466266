from alembic import context
from sqlalchemy import create_engine, pool, text
from sqlmodel import SQLModel

import store.tables  # noqa: F401
from store.index_proposals import is_index_of_a_key

MIGRATION_LOCK = 7_205_759_403


def belongs_to_the_schema(_: object, name: str | None, kind: str, *_more: object) -> bool:
    """Whether a new version compares it: what an installation has made for itself is not dropped by a release."""
    return kind != "index" or name is None or not is_index_of_a_key(name)


engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        include_object=belongs_to_the_schema,
    )
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        context.run_migrations()
