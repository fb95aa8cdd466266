"""`carillon users`: add, list and disable people who log in, and give them passwords, straight in the database."""

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.record import RefusedError, in_transaction, label, program_id_of
from cli.record_table import print_records
from domain.roles import Role

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from store.tables import User

_PAGE = 100
_SHOWN = ("id", "email", "name", "role", "program_id", "created_at", "disabled_at")

app = typer.Typer(no_args_is_help=True, help="Add, list and disable people who log in.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address they log in with.")]


@app.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option("--name", help="What records are told of who did something.")],
    role: Annotated[Role, typer.Option("--role", help="What they may do.")],
    program: Annotated[
        str | None, typer.Option("--program", "-p", help="Id or name of the program they are bound to.")
    ] = None,
) -> None:
    """Add a person. The password is asked for twice; from a pipe one line of standard input is it."""
    hashed = _hash_of_new_password()

    async def work(session: "AsyncSession") -> None:
        from store.tables import User
        from store.users import add_user

        user = User(
            email=_address(email),
            name=label(name),
            role=role.value,
            program_id=await program_id_of(session, program) if program else None,
            password_hash=hashed,
        )
        if not await add_user(session, user):
            raise RefusedError(f"{user.email} is taken")

    in_transaction(work)
    print(f"added {email}")


@app.command(name="list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False) -> None:
    """List the users, newest first, disabled ones too."""
    users = [_shown(user) for user in in_transaction(_all_users)]
    if as_json:
        print(json.dumps(users))
        return
    print_records(users, _SHOWN, named_by="email")


@app.command()
def disable(email: Email) -> None:
    """Log a person out and keep them out."""

    async def work(session: "AsyncSession") -> None:
        from store.user_sessions import end_sessions_of
        from store.users import disable

        user = await _known(session, email)
        disable(user, datetime.now(UTC))
        await end_sessions_of(session, user.id)

    in_transaction(work)
    print(f"disabled {email}")


@app.command(name="set-password")
def set_password(email: Email) -> None:
    """Give a person a new password, and log them out wherever they are. Who was disabled may log in again."""
    hashed = _hash_of_new_password()

    async def work(session: "AsyncSession") -> None:
        from store.user_sessions import end_sessions_of

        user = await _known(session, email)
        user.password_hash = hashed
        user.disabled_at = None
        await end_sessions_of(session, user.id)

    in_transaction(work)
    print(f"{email} has a new password")


async def _all_users(session: "AsyncSession") -> "list[User]":
    from store.paging import PageRequest
    from store.users import list_users

    users: list[User] = []
    cursor: str | None = None
    while True:
        page = await list_users(session, None, PageRequest(_PAGE, cursor))
        users += page.rows
        cursor = page.next_cursor
        if cursor is None:
            return users


async def _known(session: "AsyncSession", email: str) -> "User":
    from store.users import user_with_email

    user = await user_with_email(session, _address(email), lock=True)
    if user is None:
        raise RefusedError(f"nobody logs in as {email}")
    return user


def _hash_of_new_password() -> str:
    from domain.login_credentials import acceptable_password
    from store.passwords import hash_password

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    try:
        return hash_password(acceptable_password(password))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="password") from None


def _address(email: str) -> str:
    from domain.login_credentials import login_email

    try:
        return login_email(email)
    except ValueError as error:
        raise RefusedError(f"{email!r} is no e-mail address: {error}") from None


def _shown(user: "User") -> dict[str, object]:
    """The record as the API shows it: without the hash."""
    shown: dict[str, object] = user.model_dump(mode="json", exclude={"password_hash"})
    return shown
