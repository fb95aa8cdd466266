"""Bring a database's schema to the newest version."""

from pathlib import Path

from alembic import command
from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    # A percent sign in a password would be taken for interpolation by the configuration parser.
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config


def migrate(database_url: str) -> None:
    """Apply every pending migration, under a lock so that two callers do not race."""
    command.upgrade(alembic_config(database_url), "head")
