"""Reading the rows of a participants file."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.csv_records import CsvRecord
from domain.participant_cells import MAX_TEXT_BYTES, CellError, phone
from domain.participant_columns import ColumnMapping, ColumnsError, Unmapped
from domain.participant_rows import ParticipantRow, RowParser, RowProblem

EVERY_COLUMN = (
    "external_id",
    "email",
    "phone",
    "first_name",
    "locale",
    "timezone",
    "status",
    "tags",
    "attributes.note",
    "attributes.size:number",
    "attributes.member:bool",
    "attributes.birthday:date",
    "counters.points",
    "tiers.loyalty",
    "consent.sms",
)


def parser(header: Sequence[str], *entries: str, **options: Any) -> RowParser:
    return RowParser(ColumnMapping.parse(entries, **options).bind(header), len(header))


def parse(column: str, text: str) -> ParticipantRow | list[RowProblem]:
    return parser(["external_id", column]).parse(CsvRecord(2, ["a", text]))


def accepted(column: str, text: str) -> object:
    row = parse(column, text)
    assert isinstance(row, ParticipantRow), row
    kind, _, name = column.partition(":")[0].partition(".")
    value = getattr(row, kind)
    return value[name] if name else value


def refused(column: str, text: str) -> str:
    problems = parse(column, text)
    assert isinstance(problems, list), problems
    assert [(problem.line, problem.field) for problem in problems] == [(2, column)]
    return problems[0].reason


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("first_name", "  José ", "José"),
        ("first_name", "محمد", "محمد"),
        ("email", "Ana.B@EXAMPLE.com", "Ana.B@example.com"),
        ("email", "用户@example.org", "用户@example.org"),
        ("phone", "+34 600-123.456", "+34600123456"),
        ("phone", "0034 600 123 456", "+34600123456"),
        ("phone", "+44 (0)20 7946 0958", "+442079460958"),
        ("phone", "tel:+1-212-555-0100", "+12125550100"),
        ("phone", "＋８１ ９０ ００００ ０１２３", "+819000000123"),
        ("phone", "\u202a+٢٠ ١٠٠ ٠٠٠ ٠١٢٣\u202c", "+201000000123"),
        ("phone", "+33 6 39‑98‑12‑34", "+33639981234"),
        ("phone", "(212)  555-0100", "(212) 555-0100"),
        ("locale", "pt_br", "pt-BR"),
        ("locale", "ZH-hant-tw", "zh-Hant-TW"),
        ("locale", "es-419", "es-419"),
        ("timezone", "america/argentina/buenos_aires", "America/Argentina/Buenos_Aires"),
        ("status", "closed", "CLOSED"),
        ("consent.sms", "NONSUBSCRIBED", "nonSubscribed"),
        ("tags", " vip | new;vip|| ", ("vip", "new")),
        ("attributes.note", "007", "007"),
        ("attributes.size:number", "007", 7),
        ("attributes.size:number", "-1.5e3", -1500.0),
        ("attributes.member:bool", "Yes", True),
        ("attributes.member:bool", "0", False),
        ("attributes.birthday:date", "2000-02-29", "2000-02-29"),
        ("counters.points", "9223372036854775807", 2**63 - 1),
        ("counters.points", "12.50", 12.5),
        ("tiers.loyalty", "gold", "gold"),
    ],
)
def test_a_cell_is_read_as_its_column_says(column: str, text: str, value: object) -> None:
    found = accepted(column, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("first_name", "x" * 256),
        ("email", "not-an-email"),
        ("email", "a@localhost"),
        ("email", "a" * 400 + "@example.org"),
        ("phone", "call me"),
        ("phone", "+34"),
        ("phone", "+0123456789"),
        ("phone", "+1234567890123456"),
        ("phone", "12"),
        ("phone", "600" + "-" * 62),
        ("phone", "600 123 456 ext. 2"),
        ("locale", "english"),
        ("locale", "en-" + "-".join(["variants"] * 4)),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../etc/passwd"),
        ("status", "DELETED"),
        ("consent.sms", "yes"),
        ("tags", "|;|"),
        ("tags", "|".join(str(number) for number in range(1001))),
        ("tags", "x" * 256),
        ("attributes.note", "x" * (MAX_TEXT_BYTES + 1)),
        ("attributes.note", "é" * (MAX_TEXT_BYTES // 2 + 1)),
        ("attributes.note", "nul \0 inside"),
        ("attributes.note", "caf\udce9"),
        ("attributes.size:number", "1,5"),
        ("attributes.member:bool", "maybe"),
        ("attributes.birthday:date", "2001-02-29"),
        ("attributes.birthday:date", "29/02/2000"),
        ("counters.points", "nan"),
        ("counters.points", "inf"),
        ("counters.points", "1e999"),
        ("counters.points", "1_000"),
        ("counters.points", "٣"),
        ("counters.points", "9223372036854775808"),
        ("counters.points", "9" * 5000),
    ],
)
def test_a_cell_that_cannot_be_read_is_refused_without_repeating_it(column: str, text: str) -> None:
    reason = refused(column, text)
    assert reason
    assert len(reason) < 200


@pytest.mark.parametrize("text", ["x" * 256, "a\tb", "\udce9"])
def test_an_external_id_is_short_printable_text(text: str) -> None:
    assert isinstance(parser(["external_id"]).parse(CsvRecord(2, [text])), list)


def test_an_empty_cell_states_nothing() -> None:
    row = parser(EVERY_COLUMN).parse(CsvRecord(9, ["a", *("  " for _ in EVERY_COLUMN[1:])]))
    assert row == ParticipantRow(line=9, external_id="a")


def test_every_problem_of_a_row_is_told_at_once() -> None:
    record = CsvRecord(3, ["", "x", "y"])
    problems = parser(["external_id", "email", "counters.points"]).parse(record)
    assert isinstance(problems, list)
    assert [(problem.line, problem.field) for problem in problems] == [(3, "email"), (3, "counters.points")]


def test_a_row_without_its_id_is_refused_by_the_name_of_the_column_in_the_file() -> None:
    problems = parser(["Customer no."], "Customer no.=external_id").parse(CsvRecord(5, [" "]))
    assert problems == [RowProblem(5, "Customer no.", "is missing")]


@pytest.mark.parametrize("cells", [["a"], ["a", "b", "c"]])
def test_a_row_of_another_width_is_refused(cells: list[str]) -> None:
    problems = parser(["external_id", "email"]).parse(CsvRecord(4, cells))
    assert isinstance(problems, list)
    assert (problems[0].line, problems[0].field) == (4, "")


def test_of_two_rows_the_later_wins_cell_by_cell() -> None:
    first = ParticipantRow(2, "a", email="a@example.org", tags=("x",), counters={"n": 1, "m": 1})
    later = ParticipantRow(5, "a", first_name="Ana", tags=("y",), counters={"n": 2})
    assert first.followed_by(later) == ParticipantRow(
        5, "a", email="a@example.org", first_name="Ana", tags=("y",), counters={"n": 2, "m": 1}
    )


def test_columns_are_found_by_convention_or_by_the_mapping() -> None:
    mapping = ColumnMapping.parse(["Colour=attributes.favourite_color", "a=b=tags", "Notes=ignore"])
    columns = mapping.bind(["External_ID", "Colour", "a=b", "Notes", "attributes.n:number", "Consent.SMS"])
    assert [(column.index, str(column.field)) for column in columns] == [
        (0, "external_id"),
        (1, "attributes.favourite_color"),
        (2, "tags"),
        (4, "attributes.n"),
        (5, "consent.sms"),
    ]


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (["email"], "external_id"),
        (["external_id", "Shoe size"], "'Shoe size'"),
        (["external_id", ""], "number 2"),
        (["external_id", "email", "E-mail"], "'E-mail'"),
        (["external_id", "Email", "email"], "both fill email"),
        (["external_id", "attributes.a", "attributes.a:number"], "both fill attributes.a"),
        (["external_id", "attributes.a:money"], "string, number, bool, date"),
        (["external_id", "attributes.a.b"], "without dots"),
        (["external_id", "counters."], "1 to 128"),
        (["external_id", "counters.a:number"], "only attributes"),
        (["external_id", "consent.fax"], "email, sms, whatsapp, push"),
        (["external_id", "attributes.\udce9"], "UTF-8"),
        (["external_id;email"], "delimiter"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused_with_the_reason(header: list[str], named: str) -> None:
    with pytest.raises(ColumnsError) as refusal:
        ColumnMapping().bind(header)
    assert named in str(refusal.value)


def test_every_problem_of_a_header_is_told_at_once() -> None:
    with pytest.raises(ColumnsError) as refusal:
        ColumnMapping.parse(["Gone=email"]).bind(["Shoe size", "Hat size"])
    assert len(refusal.value.problems) == 4


@pytest.mark.parametrize("entry", ["x", "=email", "x=", "x=shoe", "x=attributes.a:b", "x=email"])
def test_a_mapping_that_cannot_be_used_is_refused(entry: str) -> None:
    with pytest.raises(ColumnsError):
        ColumnMapping.parse([entry, "x=phone"] if entry == "x=email" else [entry])


@pytest.mark.parametrize("delimiter", ["", "::", '"', "\n", "é"])
def test_a_delimiter_is_one_plain_character(delimiter: str) -> None:
    with pytest.raises(ColumnsError):
        ColumnMapping.parse(delimiter=delimiter)


def test_columns_without_meaning_can_be_ignored_or_kept_as_attributes() -> None:
    header = ["external_id", "Shoe size", ""]
    assert len(ColumnMapping(unmapped=Unmapped.IGNORE).bind(header)) == 1
    kept = ColumnMapping(unmapped=Unmapped.ATTRIBUTES).bind(header[:2])
    assert str(kept[1].field) == "attributes.Shoe size"


anything = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(
    [
        "a",
        "a@example.org",
        "+34600000001",
        "UTC",
        "1",
        "true",
        "2000-01-01",
        "subscribed",
        "active",
        "\0",
        "\udc80",
    ]
)


@given(cells=st.lists(anything, min_size=len(EVERY_COLUMN) - 1, max_size=len(EVERY_COLUMN) + 1))
def test_any_row_is_read_or_refused_and_never_raises(cells: list[str]) -> None:
    row = parser(EVERY_COLUMN).parse(CsvRecord(7, cells))
    if isinstance(row, list):
        assert row
        assert all(problem.line == 7 and problem.reason for problem in row)
        return
    texts = [value for value in dataclasses.astuple(row) if isinstance(value, str)]
    assert all("\0" not in text and text.encode() for text in texts)
    assert all(math.isfinite(value) for value in row.counters.values())


@given(bad=st.lists(st.lists(anything, max_size=3), max_size=6))
def test_good_rows_are_read_alike_among_any_others(bad: list[list[str]]) -> None:
    reader = parser(["external_id", "email"])
    for cells in bad:
        reader.parse(CsvRecord(1, cells))
        row = reader.parse(CsvRecord(2, ["a", "a@example.org"]))
        assert row == ParticipantRow(2, "a", email="a@example.org")


@given(text=st.text(alphabet="0123456789 +-./()٣", max_size=24))
def test_an_international_phone_number_is_a_plus_and_digits_and_stays_so(text: str) -> None:
    try:
        number = phone(text)
    except CellError:
        return
    if number.startswith("+"):
        assert number[1:].isascii()
        assert number[1:].isdigit()
    assert phone(number) == number
