"""The `carillon` command: one sub-command a module."""

import typer

app = typer.Typer(name="carillon", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
