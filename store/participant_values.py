"""How a participant's columns become the values that expressions and templates see."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from domain.expressions import Condition
from store.segment_members import SEGMENTS_OF_P
from store.tables import Program

Row = Mapping[str, Any] | RowMapping

TEMPLATE_COLUMNS = (
    "id",
    "external_id",
    "email",
    "phone",
    "first_name",
    "last_name",
    "display_name",
    "locale",
    "timezone",
    "attributes",
    "counters",
    "tags",
    "tiers",
)


@dataclass(frozen=True, slots=True)
class _Source:
    column: str
    convert: Callable[[Any], object]


def _same(value: Any) -> object:
    return value


def _text(value: UUID) -> object:
    return str(value)


def _is_present(value: Any) -> object:
    return bool(value)


_PARTICIPANT: dict[str, _Source] = {
    "participant.id": _Source("id", _text),
    "participant.has_email": _Source("email", _is_present),
    "participant.has_phone": _Source("phone", _is_present),
} | {
    f"participant.{column}": _Source(column, _same)
    for column in (
        "external_id",
        "email",
        "phone",
        "first_name",
        "last_name",
        "locale",
        "timezone",
        "status",
        "attributes",
        "counters",
        "tags",
        "segments",
        "tiers",
        "consent",
        "created_at",
        "last_contacted_at",
    )
}


class ParticipantValues:
    """Reads, for one condition, just the columns that its variables need; `segments` counts as one."""

    def __init__(self, condition: Condition, program: Program, now: datetime) -> None:
        self.program = program
        self.now = now
        wanted = {name: _PARTICIPANT[name] for name in condition.variables if name in _PARTICIPANT}
        self.columns = tuple(sorted({source.column for source in wanted.values()}))
        self._wanted = tuple(wanted.items())
        self._constants: dict[str, object] = {
            "now": now,
            "program.id": str(program.id),
            "program.name": program.name,
            "program.timezone": program.timezone,
        }

    def of(self, row: Row) -> dict[str, object]:
        """Values by dotted variable for one row that holds `columns`."""
        values = dict(self._constants)
        for name, source in self._wanted:
            values[name] = source.convert(row[source.column])
        return values


def column_sql(column: str) -> str:
    """What a column is of `participant AS p`."""
    return SEGMENTS_OF_P if column == "segments" else f"p.{column}"


def selected(columns: Iterable[str]) -> str:
    """Columns as what is selected from `participant AS p`."""
    return ", ".join(f"{column_sql(column)} AS {column}" for column in columns)


def template_values(row: Row) -> dict[str, Any]:
    """What a message template sees as `participant`, from a row that holds TEMPLATE_COLUMNS."""
    return {column: str(row[column]) if column == "id" else row[column] for column in TEMPLATE_COLUMNS}


def values_of_everything(row: Row) -> dict[str, object]:
    """Every variable of a participant whose column the row holds."""
    return {
        name: source.convert(row[source.column])
        for name, source in _PARTICIPANT.items()
        if source.column in row
    }
