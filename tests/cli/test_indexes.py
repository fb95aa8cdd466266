"""`carillon indexes`: what would serve the filters in use, and making it."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from cli.main import app
from runtime.settings import load_settings
from store.database import Database
from store.index_proposals import index_name
from store.tables import Automation, Program
from tests.store.records import add_automation


@pytest.fixture(autouse=True)
def settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CARILLON_DATABASE_URL", database_url)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["indexes", *arguments])


def program_with_filter(database_url: str, condition: str) -> str:
    async def add() -> str:
        database = Database(database_url, pool_size=2)
        async with database.transaction() as session:
            program = Program(name="Filtered")
            session.add(program)
        automation_id = await add_automation(database, program.id)
        async with database.transaction() as session:
            (await session.get_one(Automation, automation_id)).participant_filter = condition
        await database.close()
        return str(program.id)

    return asyncio.run(add())


def indexes_of_participants(database_url: str) -> set[str]:
    async def look() -> set[str]:
        database = Database(database_url, pool_size=2)
        async with database.transaction() as session:
            found = await session.execute(
                text("SELECT indexname FROM pg_indexes WHERE tablename = 'participant'")
            )
            names = set(found.scalars())
        await database.close()
        return names

    return asyncio.run(look())


def test_a_proposed_index_is_made_on_request_and_then_said_to_exist(database_url: str) -> None:
    program = program_with_filter(database_url, 'participant.attributes.plan == "pro"')
    proposed = json.loads(run("propose", "--program", program, "--json").stdout)
    name = index_name("attributes", "plan")
    assert proposed == [{"key": "attributes.plan", "filters": 1, "index": name, "exists": False}]

    for _ in range(2):
        made = run("create", "attributes.plan")
        assert (made.exit_code, made.stdout.strip()) == (0, name)
    assert name in indexes_of_participants(database_url)
    assert json.loads(run("propose", "-p", program, "--json").stdout)[0]["exists"] is True
    assert "attributes.plan" in run("propose", "-p", program).stdout


@pytest.mark.parametrize("key", ["plan", "attributes.", "email.x", "tags.vip"])
def test_a_key_that_is_of_no_map_is_refused(key: str) -> None:
    refused = run("create", key)
    assert refused.exit_code == 1
    assert "expected" in refused.stderr


def test_a_program_that_is_not_there_is_refused_by_its_name() -> None:
    refused = run("propose", "--program", "nowhere")
    assert refused.exit_code == 1
    assert "no program has the id or name 'nowhere'" in refused.stderr
