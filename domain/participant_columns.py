"""Which column of a file becomes which field of a participant."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from domain.participant import CONSENT_CHANNELS

CORE_COLUMNS = (
    "external_id",
    "email",
    "phone",
    "first_name",
    "last_name",
    "display_name",
    "locale",
    "timezone",
    "status",
    "tags",
)
MAX_NAME_LENGTH = 128

_FORBIDDEN_IN_NAME = re.compile(r"[.:\x00-\x1f\x7f\ud800-\udfff]")
_ELSEWHERE = re.compile(r"[;\t|]")


class ColumnsError(ValueError):
    """The header or the mapping cannot be used. `problems` names every fault, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class FieldKind(StrEnum):
    """Part of a participant that a column fills; the value is the prefix in the header."""

    CORE = "core"
    ATTRIBUTE = "attributes"
    COUNTER = "counters"
    TIER = "tiers"
    CONSENT = "consent"


class AttributeType(StrEnum):
    STRING = "string"
    NUMBER = "number"
    BOOL = "bool"
    DATE = "date"


class Unmapped(StrEnum):
    """What to do with a column that has no meaning: refuse the file, make it an attribute, or drop it."""

    ERROR = "error"
    ATTRIBUTES = "attributes"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a participant, such as `email`, `attributes.city` or `counters.points`."""

    kind: FieldKind
    name: str
    type: AttributeType = AttributeType.STRING

    def __str__(self) -> str:
        return self.name if self.kind is FieldKind.CORE else f"{self.kind.value}.{self.name}"


@dataclass(frozen=True, slots=True)
class Column:
    """The cell at `index` of every row fills `field`; `label` is the column's name in the file."""

    index: int
    label: str
    field: Field


EXTERNAL_ID = Field(FieldKind.CORE, "external_id")


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How to read a header.

    `fields` maps a column's name in the file to its field (None drops the column); any other column is read
    by convention: a core column by name in any case, or `attributes.<name>[:number|bool|date]`,
    `counters.<name>`, `tiers.<name>`, `consent.<channel>`. The rest follows `unmapped`.
    """

    fields: Mapping[str, Field | None] = field(default_factory=lambda: MappingProxyType({}))
    unmapped: Unmapped = Unmapped.ERROR
    delimiter: str = ","

    @classmethod
    def parse(
        cls, entries: Iterable[str] = (), unmapped: Unmapped = Unmapped.ERROR, delimiter: str = ","
    ) -> Self:
        """Read entries such as `Favourite colour=attributes.colour` or `Notes=ignore`. Raises ColumnsError."""
        fields: dict[str, Field | None] = {}
        problems: list[str] = []
        if len(delimiter) != 1 or delimiter in '"\r\n\0' or not delimiter.isascii():
            problems.append("the delimiter must be one ASCII character other than a quote or a line end")
        for entry in entries:
            column, separator, target = (part.strip() for part in entry.rpartition("="))
            if not separator or not column:
                problems.append(f"{entry!r} does not have the form COLUMN=FIELD")
            elif column in fields:
                problems.append(f"column {column!r} is mapped twice")
            elif target == Unmapped.IGNORE:
                fields[column] = None
            else:
                try:
                    fields[column] = parse_field(target)
                except ColumnsError as error:
                    problems.extend(f"column {column!r}: {problem}" for problem in error.problems)
        if problems:
            raise ColumnsError(problems)
        return cls(MappingProxyType(fields), unmapped, delimiter)

    def bind(self, header: Sequence[str]) -> tuple[Column, ...]:
        """The columns of a file with this header. Raises ColumnsError that lists every problem."""
        labels = [label.strip() for label in header]
        problems = [f"the file has no column {name!r}" for name in self.fields if name not in labels]
        columns: list[Column] = []
        for index, label in enumerate(labels):
            try:
                target = self._field(label, index)
            except ColumnsError as error:
                problems.extend(error.problems)
                continue
            if target is not None:
                columns.append(Column(index, label, target))
        problems.extend(_repeated(columns))
        if EXTERNAL_ID not in (column.field for column in columns):
            problems.append("no column is external_id" + self._delimiter_hint(labels))
        if problems:
            raise ColumnsError(problems)
        return tuple(columns)

    def _field(self, label: str, index: int) -> Field | None:
        if label in self.fields:
            return self.fields[label]
        if _is_conventional(label):
            return parse_field(label)
        match self.unmapped:
            case Unmapped.IGNORE:
                return None
            case Unmapped.ATTRIBUTES if label:
                return Field(FieldKind.ATTRIBUTE, _checked_name(label, label))
            case _:
                shown = f"column {label!r}" if label else f"column number {index + 1}, which has no name,"
                raise ColumnsError([f"{shown} is not a field of a participant and is not mapped"])

    def _delimiter_hint(self, labels: Sequence[str]) -> str:
        other = _ELSEWHERE.search(labels[0]) if len(labels) == 1 else None
        return f" (the header holds {other.group()!r}: is that the delimiter?)" if other else ""


def parse_field(text: str) -> Field:
    """Read `email`, `attributes.orders:number`, `consent.sms` ... Raises ColumnsError."""
    core = text.lower()
    if core in CORE_COLUMNS:
        return Field(FieldKind.CORE, core)
    prefix, separator, rest = text.partition(".")
    kind = _PREFIXES.get(prefix.lower())
    if not separator or kind is None:
        raise ColumnsError([f"{text!r} is not a field: expected {_EXPECTED}"])
    name, has_type, type_name = rest.partition(":")
    if has_type and kind is not FieldKind.ATTRIBUTE:
        raise ColumnsError([f"{text!r}: only attributes take a type"])
    if kind is FieldKind.CONSENT:
        if name.lower() not in CONSENT_CHANNELS:
            raise ColumnsError([f"{text!r}: the channel is not one of {', '.join(CONSENT_CHANNELS)}"])
        return Field(kind, name.lower())
    if not has_type:
        return Field(kind, _checked_name(name, text))
    if type_name.lower() not in _TYPES:
        raise ColumnsError([f"{text!r}: the type is not one of {', '.join(_TYPES)}"])
    return Field(kind, _checked_name(name, text), AttributeType(type_name.lower()))


_PREFIXES = {kind.value: kind for kind in FieldKind if kind is not FieldKind.CORE}
_TYPES = tuple(kind.value for kind in AttributeType)
_EXPECTED = f"{', '.join(CORE_COLUMNS)}, {', '.join(f'{prefix}.<name>' for prefix in _PREFIXES)}"


def _is_conventional(label: str) -> bool:
    prefix, separator, _ = label.partition(".")
    return label.lower() in CORE_COLUMNS or (bool(separator) and prefix.lower() in _PREFIXES)


def _checked_name(name: str, label: str) -> str:
    if not name.strip() or len(name) > MAX_NAME_LENGTH or _FORBIDDEN_IN_NAME.search(name):
        limits = f"1 to {MAX_NAME_LENGTH} characters of UTF-8 text without dots, colons or control characters"
        raise ColumnsError([f"{label[:MAX_NAME_LENGTH]!r}: the name must be {limits}"])
    return name.strip()


def _repeated(columns: Sequence[Column]) -> Iterator[str]:
    first: dict[str, Column] = {}
    for column in columns:
        earlier = first.setdefault(str(column.field), column)
        if earlier is not column:
            yield f"columns {earlier.label!r} and {column.label!r} both fill {column.field}"
