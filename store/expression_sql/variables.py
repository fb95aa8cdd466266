"""The variables of conditions as columns of `participant AS p`, and as constants of one run."""

from datetime import UTC, datetime

from store.expression_sql.fragments import FALSE, TRUE, Parameters, Sql
from store.expression_sql.values import (
    ERROR_VALUE,
    Kind,
    SegmentList,
    TextList,
    Value,
    constant,
    json_value,
    text_value,
)
from store.segment_members import SEGMENTS_OF_P
from store.tables import Program

TEXT_COLUMNS = frozenset(
    {"external_id", "email", "phone", "first_name", "last_name", "locale", "timezone", "status"}
)
MAP_COLUMNS = frozenset({"attributes", "counters", "tiers", "consent"})
TIME_COLUMNS = frozenset({"created_at", "last_contacted_at"})
_ADDRESSES = {"has_email": "p.email", "has_phone": "p.phone"}


def column_of(name: str) -> str | None:
    """The participant's column that `participant.column` names."""
    root, _, column = name.partition(".")
    return column if root == "participant" else None


class Variables:
    """Each variable by its dotted name, for one program at one instant."""

    def __init__(self, program: Program, now: datetime, parameters: Parameters) -> None:
        self.now = now.astimezone(UTC)
        self._parameters = parameters
        self._constants = {
            "program.id": str(program.id),
            "program.name": program.name,
            "program.timezone": program.timezone,
        }

    def value(self, name: str) -> Value:
        """A variable that is nowhere is an error, as the engine has it."""
        if name == "now":
            return constant(self._parameters, Kind.TIMESTAMP, self.now)
        if name in self._constants:
            return constant(self._parameters, Kind.STRING, self._constants[name])
        column = column_of(name)
        if column in TEXT_COLUMNS:
            return text_value(f"p.{column}")
        if column in MAP_COLUMNS:
            return json_value(f"p.{column}")
        if column in TIME_COLUMNS:
            return Value({Kind.TIMESTAMP: f"p.{column}"})
        if column in _ADDRESSES:
            return Value({Kind.BOOL: f"(coalesce({_ADDRESSES[column]}, '') <> '')"})
        match column:
            case "id":
                return text_value("CAST(p.id AS text)")
            case "tags":
                return TextList({}, array="p.tags")
            case "segments":
                return SegmentList({}, array=SEGMENTS_OF_P)
        return ERROR_VALUE

    def is_present(self, name: str) -> Sql:
        """What `has(name)` is: never an error."""
        column = column_of(name)
        if column in TEXT_COLUMNS | TIME_COLUMNS:
            return f"p.{column} IS NOT NULL"
        if column in MAP_COLUMNS:
            return f"jsonb_typeof(p.{column}) <> 'null'"
        is_known = (
            name == "now" or name in self._constants or column in {"id", "tags", "segments", *_ADDRESSES}
        )
        return TRUE if is_known else FALSE
