"""The migrations build, from nothing, exactly the tables that the code reads and writes."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, make_url
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

import store.tables  # noqa: F401
from store.migrate import alembic_config, migrate

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty_database(postgres_address: str) -> Iterator[str]:
    """SQLAlchemy address of a database of this test's own, without tables."""
    name = f"migrations_{uuid4().hex}"
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type, unused-ignore]
    url = make_url(postgres_address).set(drivername="postgresql+psycopg", database=name)
    yield url.render_as_string(hide_password=False)
    with psycopg.connect(postgres_address, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type, unused-ignore]


def differences(url: str) -> list[object]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, SQLModel.metadata))


def tables(url: str) -> set[str]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def functions(url: str) -> set[str]:
    """Those written in SQL or PL/pgSQL; extensions bring others."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        query = (
            "SELECT proname FROM pg_proc JOIN pg_language AS language ON language.oid = prolang "
            "WHERE pronamespace = 'public'::regnamespace AND lanname <> 'c'"
        )
        return set(connection.exec_driver_sql(query).scalars())


def test_a_migrated_database_is_what_the_code_expects(empty_database: str) -> None:
    migrate(empty_database)
    assert differences(empty_database) == []


def test_a_difference_would_be_found(empty_database: str) -> None:
    migrate(empty_database)
    engine = create_engine(empty_database, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE participant ADD COLUMN stray int")
        connection.exec_driver_sql("DROP INDEX event_idempotency_key_is_unique")
    assert len(differences(empty_database)) == 2


def test_the_schema_can_be_taken_down_and_built_again(empty_database: str) -> None:
    migrate(empty_database)
    assert "record_changed_state" in functions(empty_database)
    command.downgrade(alembic_config(empty_database), "base")
    assert tables(empty_database) == {"alembic_version"}
    assert functions(empty_database) == set()
    migrate(empty_database)
    assert differences(empty_database) == []


def test_people_stored_before_are_known_by_the_digits_of_their_number(empty_database: str) -> None:
    command.upgrade(alembic_config(empty_database), "0031")
    engine = create_engine(empty_database, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO program (id, name, timezone) VALUES (gen_random_uuid(), 'Cafe', 'UTC')"
        )
        connection.exec_driver_sql(
            "INSERT INTO participant (id, program_id, external_id, phone) SELECT gen_random_uuid(), program.id, "
            "said.phone, said.phone FROM program, "
            "(VALUES ('+44 (0) 7911 123456'), ('+34 612 345 678'), ('unlisted')) AS said(phone)"
        )
    migrate(empty_database)
    with engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT phone, phone_dialled FROM participant")
        assert {row.phone: row.phone_dialled for row in kept} == {
            "+44 (0) 7911 123456": "447911123456",
            "+34 612 345 678": None,
            "unlisted": None,
        }


def test_migrating_again_changes_nothing(empty_database: str) -> None:
    migrate(empty_database)
    before = tables(empty_database)
    migrate(empty_database)
    assert tables(empty_database) == before


async def test_processes_that_migrate_at_once_do_not_race(empty_database: str) -> None:
    program = "import sys; from store.migrate import migrate; migrate(sys.argv[1])"
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, empty_database, cwd=ROOT, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    errors = [(await process.communicate())[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], "\n".join(errors)
    assert differences(empty_database) == []


def test_versions_form_one_line() -> None:
    script = ScriptDirectory.from_config(alembic_config("postgresql+psycopg://x@localhost/x"))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def test_a_password_with_a_percent_sign_stays_as_it_is() -> None:
    url = "postgresql+psycopg://u:a%40b@localhost/x"
    assert alembic_config(url).get_main_option("sqlalchemy.url") == url
