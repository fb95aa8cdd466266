"""One row of a participants file, checked and typed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from domain.csv_records import CsvRecord, cell_count_problem
from domain.participant_cells import CellError, Convert, converter
from domain.participant_columns import Column, FieldKind


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row was rejected: its first line in the file (from 1), the column at fault, the reason.

    `field` is empty when the row as a whole is at fault.
    """

    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """What one row states about a participant; None, or an absent key, where its cell was empty."""

    line: int
    external_id: str
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    display_name: str | None = None
    locale: str | None = None
    timezone: str | None = None
    status: str | None = None
    tags: tuple[str, ...] | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, int | float] = field(default_factory=dict)
    tiers: dict[str, str] = field(default_factory=dict)
    consent: dict[str, str] = field(default_factory=dict)

    def followed_by(self, later: Self) -> Self:
        """Both rows applied in order: the later one wins wherever it states something."""
        stated: dict[str, Any] = {}
        for name in self.__slots__:
            ours, theirs = getattr(self, name), getattr(later, name)
            if isinstance(theirs, dict):
                stated[name] = {**ours, **theirs}
            else:
                stated[name] = ours if theirs is None else theirs
        return type(self)(**stated)


class RowParser:
    """Turns the records of one file into rows. `width` is the number of cells of its header."""

    def __init__(self, columns: Iterable[Column], width: int) -> None:
        self._width = width
        self._cells: list[tuple[int, str, FieldKind, str, Convert]] = []
        for column in columns:
            target = column.field
            self._cells.append((column.index, column.label, target.kind, target.name, converter(target)))
            if target.kind is FieldKind.CORE and target.name == "external_id":
                self._external_id_label = column.label

    def parse(self, record: CsvRecord) -> ParticipantRow | list[RowProblem]:
        """The row, or every problem of it. Never raises: any text may come in."""
        cells = record.cells
        if len(cells) != self._width:
            return [RowProblem(record.line, "", cell_count_problem(self._width, len(cells)))]
        problems: list[RowProblem] = []
        stated: dict[FieldKind, dict[str, Any]] = {kind: {} for kind in FieldKind}
        for index, label, kind, name, convert in self._cells:
            text = cells[index].strip()
            if not text:
                continue
            try:
                stated[kind][name] = convert(text)
            except CellError as problem:
                problems.append(RowProblem(record.line, label, str(problem)))
        core = stated[FieldKind.CORE]
        if not problems and "external_id" not in core:
            problems.append(RowProblem(record.line, self._external_id_label, "is missing"))
        if problems:
            return problems
        return ParticipantRow(
            line=record.line,
            **core,
            attributes=stated[FieldKind.ATTRIBUTE],
            counters=stated[FieldKind.COUNTER],
            tiers=stated[FieldKind.TIER],
            consent=stated[FieldKind.CONSENT],
        )
