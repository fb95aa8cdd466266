"""`carillon keys`: make, list and revoke API keys, straight in the database."""

import json
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from cli.record import RefusedError, in_transaction, label, program_id_of
from cli.record_table import print_records
from domain.roles import Role

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from store.tables import ApiKey

_PAGE = 100
_SHOWN = ("id", "name", "prefix", "role", "program_id", "created_at", "revoked_at")

app = typer.Typer(no_args_is_help=True, help="Create, list and revoke API keys.")


@app.command()
def create(
    name: Annotated[str, typer.Option("--name", help="What the key is for.")],
    role: Annotated[Role, typer.Option("--role", help="What the key may do.")],
    program: Annotated[
        str | None, typer.Option("--program", "-p", help="Id or name of the program it is bound to.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the key as JSON.")] = False,
) -> None:
    """Create a key and print its secret: it is kept only as a hash, so it cannot be shown again."""

    async def work(session: "AsyncSession") -> "tuple[str, ApiKey]":
        from store.api_keys import new_key, store_key

        made = new_key(label(name), role, await program_id_of(session, program) if program else None)
        await store_key(session, made)
        return made.secret, made.record

    secret, record = in_transaction(work)
    if as_json:
        print(json.dumps(_shown(record) | {"key": secret}))
    else:
        print(secret)


@app.command(name="list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print the keys as JSON.")] = False) -> None:
    """List the keys, newest first, revoked ones too."""
    keys = [_shown(key) for key in in_transaction(_all_keys)]
    if as_json:
        print(json.dumps(keys))
        return
    print_records(keys, _SHOWN, named_by="id")


@app.command()
def revoke(
    key_id: Annotated[UUID, typer.Argument(metavar="ID", help="Id of the key, from the list.")],
) -> None:
    """Revoke a key: the API refuses it from now on. The last admin's key stays."""

    async def work(session: "AsyncSession") -> None:
        from store.api_keys import LastAdminError, revoke_key

        try:
            if await revoke_key(session, key_id) is None:
                raise RefusedError(f"no key has the id {key_id}")
        except LastAdminError:
            raise RefusedError("this is the last admin's key; create another one first") from None

    in_transaction(work)
    print(f"revoked {key_id}")


async def _all_keys(session: "AsyncSession") -> "list[ApiKey]":
    from store.api_keys import list_keys
    from store.paging import PageRequest

    keys: list[ApiKey] = []
    cursor: str | None = None
    while True:
        page = await list_keys(session, None, PageRequest(_PAGE, cursor))
        keys += page.rows
        cursor = page.next_cursor
        if cursor is None:
            return keys


def _shown(key: "ApiKey") -> dict[str, object]:
    """The record as the API shows it: without the hash."""
    shown: dict[str, object] = key.model_dump(mode="json", exclude={"key_hash"})
    return shown
