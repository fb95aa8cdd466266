"""`carillon indexes`: indexes that would serve the filters in use, proposed and made on request."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli.record import RefusedError, in_database, program_id_of

if TYPE_CHECKING:
    from store.database import Database
    from store.index_proposals import ProposedIndex

app = typer.Typer(no_args_is_help=True, help="Indexes for the filters of a program's automations.")

Program = Annotated[str, typer.Option("--program", "-p", help="Id or name of the program.")]


@app.command()
def propose(
    program: Program,
    as_json: Annotated[bool, typer.Option("--json", help="Print the proposals as JSON.")] = False,
) -> None:
    """List the keys that filters of active automations compare, the one that serves most filters first."""

    async def work(database: "Database") -> "Sequence[ProposedIndex]":
        from store.index_proposals import propose_indexes

        async with database.transaction() as session:
            return await propose_indexes(session, await program_id_of(session, program))

    proposals = in_database(work)
    if as_json:
        print(json.dumps([_shown(proposal) for proposal in proposals]))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("Key", "Filters", "Index", "Exists")
    for proposal in proposals:
        key = escape(f"{proposal.column}.{proposal.key}")
        table.add_row(key, str(proposal.filters), proposal.name, "yes" if proposal.exists else "no")
    Console().print(table)


@app.command()
def create(
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="As proposed, such as attributes.plan or counters.orders.")
    ],
) -> None:
    """Make one index, for every program, while others read and write; nothing happens when it exists."""
    column, dot, name = key.partition(".")

    async def work(database: "Database") -> str:
        from store.index_proposals import create_index

        if not dot or not name:
            raise RefusedError(f"{key!r} is no key: expected such as attributes.plan")
        try:
            return await create_index(database.engine, column, name)
        except ValueError as error:
            raise RefusedError(str(error)) from None

    print(in_database(work))


def _shown(proposal: "ProposedIndex") -> dict[str, object]:
    return {
        "key": f"{proposal.column}.{proposal.key}",
        "filters": proposal.filters,
        "index": proposal.name,
        "exists": proposal.exists,
    }
