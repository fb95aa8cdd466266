"""`carillon users`: adding, listing and disabling people who log in, and giving them passwords."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from cli.setup import _add_admin
from domain.roles import Role
from runtime.settings import Settings, SettingsError, load_settings
from store.database import Database
from store.passwords import is_password
from store.tables import User
from store.users import user_with_email
from tests.fixtures.users import PASSWORD, token_of_new_user


@pytest.fixture(autouse=True)
def settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CARILLON_DATABASE_URL", database_url.replace("+psycopg", ""))
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def run(*arguments: object, password: str = "") -> Result:
    return CliRunner().invoke(app, ["users", *(str(argument) for argument in arguments)], input=password)


def added(**options: str) -> str:
    """The address of somebody new."""
    email = f"{uuid4()}@example.com"
    given = {"name": "Ana", "role": "agent"} | options
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    result = run("add", email, *words, password=f"{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    return email


def listed() -> dict[str, dict[str, Any]]:
    return {user["email"]: user for user in json.loads(run("list", "--json").stdout)}


def found(database_url: str, email: str) -> User | None:
    async def look() -> User | None:
        database = Database(database_url, pool_size=2)
        async with database.transaction() as session:
            user = await user_with_email(session, email)
        await database.close()
        return user

    return asyncio.run(look())


def test_who_is_added_can_log_in(database_url: str) -> None:
    email = added(role="supervisor")
    user = found(database_url, email)
    assert user is not None
    assert (user.name, user.role, user.program_id) == ("Ana", "supervisor", None)
    assert is_password(PASSWORD, user.password_hash)


def test_the_list_has_each_address_in_one_piece_as_other_commands_take_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    email = added()
    assert email in run("list").stdout


def test_the_list_shows_everybody_without_their_passwords() -> None:
    email = added()
    assert listed()[email]["role"] == "agent"
    for output in (run("list", "--json").stdout, run("list").stdout):
        assert "argon2" not in output
        assert "password" not in output


@pytest.mark.parametrize(
    ("arguments", "password", "status", "reason"),
    [
        (("add", "nobody", "--name", "x", "--role", "viewer"), PASSWORD, 1, "no e-mail address"),
        (("add", "a@example.com", "--name", "", "--role", "viewer"), PASSWORD, 1, "1 to 255"),
        (("add", "a@example.com", "--name", "x", "--role", "viewer"), "short", 2, "12 to 256"),
        (("add", "a@example.com", "--name", "x", "--role", "owner"), PASSWORD, 2, "owner"),
        (
            ("add", "a@example.com", "--name", "x", "--role", "viewer", "--program", "none"),
            PASSWORD,
            1,
            "no program",
        ),
        (("disable", "unknown@example.com"), "", 1, "nobody logs in"),
        (("set-password", "unknown@example.com"), PASSWORD, 1, "nobody logs in"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: tuple[str, ...], password: str, status: int, reason: str
) -> None:
    result = run(*arguments, password=password)
    assert result.exit_code == status
    assert reason in result.stderr


def test_an_address_is_taken_once() -> None:
    email = added()
    again = run("add", email.upper(), "--name", "x", "--role", "viewer", password=PASSWORD)
    assert (again.exit_code, "taken" in again.stderr) == (1, True)


def test_who_is_disabled_stays_listed_until_they_have_a_new_password(database_url: str) -> None:
    email = added()
    assert run("disable", email).exit_code == 0
    assert listed()[email]["disabled_at"] is not None
    assert run("set-password", email, password="another horse altogether").exit_code == 0
    assert listed()[email]["disabled_at"] is None
    user = found(database_url, email)
    assert user is not None
    assert is_password("another horse altogether", user.password_hash)


@pytest.mark.parametrize("command", ["disable", "set-password"])
def test_either_ends_the_sessions(database_url: str, command: str) -> None:
    async def begin() -> str:
        database = Database(database_url, pool_size=2)
        async with database.transaction() as session:
            await token_of_new_user(session, Role.VIEWER, None)
            rows = await session.connection()
            found = await rows.exec_driver_sql("SELECT email FROM app_user ORDER BY created_at DESC LIMIT 1")
            email = str(found.scalar_one())
        await database.close()
        return email

    async def sessions(email: str) -> int:
        database = Database(database_url, pool_size=2)
        async with database.engine.connect() as connection:
            counted = await connection.exec_driver_sql(
                "SELECT count(*) FROM user_session s JOIN app_user u ON u.id = s.user_id WHERE email = %s",
                (email,),
            )
            count = int(counted.scalar_one())
        await database.close()
        return count

    email = asyncio.run(begin())
    assert asyncio.run(sessions(email)) == 1
    assert run(command, email, password=PASSWORD).exit_code == 0
    assert asyncio.run(sessions(email)) == 0


def test_setup_adds_an_admin_once_and_leaves_their_password_alone(database_url: str) -> None:
    email = f"{uuid4()}@example.com"
    settings = Settings(database_url=database_url.replace("+psycopg", ""))
    for password in (PASSWORD, "another horse altogether"):
        asyncio.run(_add_admin(settings, email, password))
    user = found(database_url, email)
    assert user is not None
    assert (user.role, is_password(PASSWORD, user.password_hash)) == ("admin", True)


def test_an_admin_of_the_settings_has_an_address_and_a_good_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for email, password in (("nobody", PASSWORD), ("a@example.com", "short"), ("a@example.com", "")):
        monkeypatch.setenv("CARILLON_ADMIN_EMAIL", email)
        if password:
            monkeypatch.setenv("CARILLON_ADMIN_PASSWORD", password)
        else:
            monkeypatch.delenv("CARILLON_ADMIN_PASSWORD")
        load_settings.cache_clear()
        with pytest.raises(SettingsError, match="CARILLON_ADMIN") as error:
            load_settings()
        assert not password or password not in str(error.value)


@pytest.mark.parametrize("name", ["Ana\u202enimda", "Ana\nAdmin", ""], ids=ascii)
def test_nobody_is_added_with_a_name_that_could_be_shown_as_another(name: str) -> None:
    result = run("add", f"{uuid4()}@example.com", "--name", name, "--role", "agent", password=f"{PASSWORD}\n")
    assert result.exit_code == 1
    assert "the name" in result.output
