"""The `carillon` command: one sub-command a module."""

import typer

from cli import import_participants, indexes, keys, users
from cli.attacks import attacks
from cli.bench import bench
from cli.clock.command import app as clock
from cli.demo.command import demo
from cli.replay import replay
from cli.serve import api, worker
from cli.setup import setup
from cli.up import up

app = typer.Typer(name="carillon", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

app.command()(bench)
app.command()(up)
app.command()(demo)
app.command()(setup)
app.command()(api)
app.command()(worker)
app.command()(replay)
app.command()(attacks)
app.add_typer(import_participants.app, name="import")
app.add_typer(keys.app, name="keys")
app.add_typer(users.app, name="users")
app.add_typer(clock, name="clock")
app.add_typer(indexes.app, name="indexes")
