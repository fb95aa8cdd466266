"""Records of the database as a table in the terminal."""

from collections.abc import Mapping, Sequence


def print_records(records: Sequence[Mapping[str, object]], shown: Sequence[str], *, named_by: str) -> None:
    """A row for each record, a column for each of `shown`. Nothing is cut; what is in the column `named_by`,
    by which commands take a record, is also in one piece, however narrow the terminal is."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for name in shown:
        table.add_column(name.replace("_", " ").capitalize(), overflow="fold", no_wrap=name == named_by)
    for record in records:
        table.add_row(*(escape(str(record[name] or "")) for name in shown))
    Console().print(table)
