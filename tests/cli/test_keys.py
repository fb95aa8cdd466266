"""`carillon keys`: making, listing and revoking API keys from the command line."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from runtime.settings import load_settings
from store.api_keys import find_key
from store.database import Database
from store.tables import ApiKey, Program
from tests.fixtures.postgres import database_of_its_own


@pytest.fixture(scope="module")
def database_url(postgres_address: str) -> Iterator[str]:
    """A database of this file's own: revoking every other admin would lock other tests out of theirs."""
    with database_of_its_own(postgres_address) as address:
        yield address


@pytest.fixture(autouse=True)
def settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CARILLON_DATABASE_URL", database_url)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["keys", *(str(argument) for argument in arguments)])


def created(*arguments: object) -> dict[str, Any]:
    result = run("create", "--name", "a key", "--json", *arguments)
    assert result.exit_code == 0, result.output
    key: dict[str, Any] = json.loads(result.stdout)
    return key


def found(database_url: str, secret: str) -> ApiKey | None:
    async def look() -> ApiKey | None:
        database = Database(database_url, pool_size=2)
        async with database.transaction() as session:
            key = await find_key(session, secret)
        await database.close()
        return key

    return asyncio.run(look())


def new_program(database_url: str, name: str) -> str:
    async def add() -> str:
        database = Database(database_url, pool_size=2)
        async with database.transaction() as session:
            program = Program(name=name)
            session.add(program)
        await database.close()
        return str(program.id)

    return asyncio.run(add())


def test_the_secret_alone_is_printed_and_works(database_url: str) -> None:
    result = run("create", "--name", "Reports", "--role", "viewer")
    assert result.exit_code == 0
    key = found(database_url, result.stdout.strip())
    assert key is not None
    assert (key.name, key.role, key.program_id) == ("Reports", "viewer", None)


def test_the_list_has_each_id_in_one_piece_as_revoking_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    key = created("--role", "viewer")
    assert key["id"] in run("list").stdout


def test_as_json_it_is_shown_with_what_it_may_do(database_url: str) -> None:
    key = created("--role", "supervisor")
    assert key["scopes"] == ["automations.read", "automations.write"]
    assert "key_hash" not in key
    assert found(database_url, key["key"]) is not None


def test_it_is_bound_to_a_program_by_id_or_by_name(database_url: str) -> None:
    name = f"Club {uuid4()}"
    program = new_program(database_url, name)
    for meant in (program, name):
        assert created("--role", "admin", "--program", meant)["program_id"] == program


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--name", "x", "--role", "viewer", "--program", "nowhere"), "no program has the id or name"),
        (("--name", "x", "--role", "viewer", "--program", str(uuid4())), "no program has the id or name"),
        (("--name", "", "--role", "viewer"), "1 to 255"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: tuple[str, ...], reason: str) -> None:
    result = run("create", *arguments)
    assert result.exit_code == 1
    assert reason in result.stderr


def test_an_unknown_role_is_refused() -> None:
    assert run("create", "--name", "x", "--role", "owner").exit_code == 2


def test_the_list_shows_every_key_without_secrets() -> None:
    keys = [created("--role", "viewer") for _ in range(3)]
    as_json = run("list", "--json")
    listed = [row["id"] for row in json.loads(as_json.stdout)]
    assert [identifier for identifier in listed if identifier in {key["id"] for key in keys}] == [
        key["id"] for key in reversed(keys)
    ]
    for output in (as_json.stdout, run("list").stdout):
        assert not any(key["key"] in output for key in keys)


def test_a_revoked_key_is_no_longer_found(database_url: str) -> None:
    key = created("--role", "viewer")
    assert run("revoke", key["id"]).exit_code == 0
    assert found(database_url, key["key"]) is None


def test_an_unknown_key_cannot_be_revoked() -> None:
    result = run("revoke", uuid4())
    assert result.exit_code == 1
    assert "no key" in result.stderr


def test_the_last_admin_stays_until_there_is_another() -> None:
    last = created("--role", "admin")["id"]
    for key in json.loads(run("list", "--json").stdout):
        if key["role"] == "admin" and key["id"] != last:
            run("revoke", key["id"])
    refused = run("revoke", last)
    assert refused.exit_code == 1
    assert "last admin" in refused.stderr
    created("--role", "admin")
    assert run("revoke", last).exit_code == 0


def test_without_a_database_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARILLON_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    load_settings.cache_clear()
    result = run("list")
    assert result.exit_code == 3
    assert "database" in result.stderr
