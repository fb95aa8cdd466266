"""What SQL can tell of a value: per kind, what it is where it is of that kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from store.expression_sql.fragments import FALSE, NULL, TRUE, Parameters, Sql, all_true, any_true, not_true

MIN_INT = -(2**63)
MAX_INT = 2**63 - 1
# Two such doubles can be added, multiplied and divided without PostgreSQL failing on what is too large or small.
SMALLEST_DOUBLE, LARGEST_DOUBLE = 1e-100, 1e100


class Kind(StrEnum):
    """`duration` is a whole number of microseconds in SQL, `int` and `uint` are numeric, `null` is TRUE."""

    NULL = "boolean"
    BOOL = "bool"
    INT = "numeric"
    UINT = "unsigned numeric"
    DOUBLE = "float8"
    STRING = "text"
    TIMESTAMP = "timestamptz"
    DURATION = "microseconds"


_COLUMN_TYPES = {Kind.UINT: "numeric", Kind.DURATION: "numeric"}
NUMBERS = (Kind.INT, Kind.UINT, Kind.DOUBLE)


@dataclass(frozen=True)
class Value:
    """`kinds`: per kind, SQL of the value that is NULL where it is not of that kind, or is an error.

    `unknown`: holds wherever there may be a value of which `kinds` tells nothing. `is_exact`: it then holds at most
    on data that no client can store.
    """

    kinds: Mapping[Kind, Sql]
    unknown: Sql = FALSE
    is_exact: bool = True

    @property
    def defined(self) -> Sql:
        """Where there certainly is a value, and one of known kind."""
        return any_true(*(f"{sql} IS NOT NULL" for sql in self.kinds.values()))

    @property
    def present(self) -> Sql:
        """Where there certainly is a value, of whatever kind."""
        return self.defined

    @property
    def size(self) -> int:
        return sum(map(len, self.kinds.values())) + len(self.unknown)


UNKNOWN_VALUE = Value({}, TRUE, is_exact=False)
ERROR_VALUE = Value({})


@dataclass(frozen=True)
class Constant(Value):
    kind: Kind = Kind.NULL
    value: object = None

    @property
    def defined(self) -> Sql:
        return TRUE


@dataclass(frozen=True)
class JsonValue(Value):
    """`document`: jsonb, NULL where there is no value. Lists and objects have no kind."""

    document: Sql = NULL

    @property
    def defined(self) -> Sql:
        return all_true(f"{self.document} IS NOT NULL", not_true(self.unknown))

    @property
    def present(self) -> Sql:
        return f"{self.document} IS NOT NULL"

    def is_(self, *types: str) -> Sql:
        """Whether the document is of one of JSON's types."""
        return f"jsonb_typeof({self.document}) IN ({', '.join(repr(type_) for type_ in types)})"


@dataclass(frozen=True)
class ParsedTime(Value):
    """The instant that the text `text` stands for."""

    text: Sql = NULL


@dataclass(frozen=True)
class TextList(Value):
    """A column of texts, and nothing else."""

    array: Sql = NULL

    @property
    def defined(self) -> Sql:
        return TRUE


@dataclass(frozen=True)
class SegmentList(TextList):
    """The ids of the segments that a participant is in: rows of their own, so one can be looked up without the list."""


@dataclass(frozen=True)
class ConstantList(Value):
    items: tuple[Value, ...] = field(default=())


def constant(parameters: Parameters, kind: Kind, value: object) -> Constant:
    """A value known before any row is read. `duration` is given in microseconds, `timestamp` as a datetime."""
    if kind is Kind.NULL:
        return Constant({kind: TRUE}, kind=kind)
    if kind is Kind.BOOL:
        return Constant({kind: TRUE if value else FALSE}, kind=kind, value=value)
    sql = parameters.bind(value, _COLUMN_TYPES.get(kind, kind.value))
    return Constant({kind: sql}, kind=kind, value=value)


def text_value(sql: Sql) -> Value:
    """Text that is absent where `sql` is NULL."""
    return Value({Kind.STRING: sql})


def json_value(document: Sql) -> JsonValue:
    is_number = f"jsonb_typeof({document}) = 'number'"
    number = f"CAST({document} AS numeric)"

    def number_if(test: Sql, result: Sql) -> Sql:
        return f"CASE WHEN {is_number} THEN CASE WHEN {test} THEN {result} END END"

    is_int = f"scale({number}) = 0 AND {number} BETWEEN {MIN_INT} AND {MAX_INT}"
    is_double = f"scale({number}) > 0 AND ({number} = 0 OR abs({number}) BETWEEN {SMALLEST_DOUBLE} AND {LARGEST_DOUBLE})"
    kinds = {
        Kind.NULL: f"CASE WHEN jsonb_typeof({document}) = 'null' THEN TRUE END",
        Kind.BOOL: f"CASE WHEN jsonb_typeof({document}) = 'boolean' THEN CAST({document} AS boolean) END",
        Kind.INT: number_if(is_int, number),
        Kind.DOUBLE: number_if(is_double, f"CAST({number} AS float8)"),
        Kind.STRING: f"CASE WHEN jsonb_typeof({document}) = 'string' THEN {document} #>> '{{}}' END",
    }
    unknown = number_if(f"NOT ({is_int}) AND NOT ({is_double})", TRUE)
    return JsonValue(kinds, unknown, document=document)
