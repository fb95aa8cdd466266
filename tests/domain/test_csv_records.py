"""Cutting bytes into CSV records."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.csv_records import (
    MAX_LINE_BYTES,
    MAX_RECORD_LINES,
    BadRecord,
    CsvReader,
    CsvRecord,
    UnreadableFileError,
)

Found = list[tuple[int, list[str] | None]]


def read(data: bytes, *, chunk: int = 1 << 20, width: int | None = None, delimiter: str = ",") -> Found:
    """Each record as (line, cells), cells being None for a bad one."""
    reader = CsvReader(delimiter)
    reader.width = width
    records: list[CsvRecord | BadRecord] = []
    for start in range(0, len(data), chunk):
        records.extend(reader.feed(data[start : start + chunk]))
    records.extend(reader.finish())
    return [(record.line, record.cells if isinstance(record, CsvRecord) else None) for record in records]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("chunk", [1, 2, 3, 1000])
def test_records_are_the_same_for_any_line_end_and_any_cut(line_end: bytes, chunk: int) -> None:
    data = line_end.join([b'\xef\xbb\xbfid,"a ""b"""', b"", b'1,"two', b'lines"', "2,é".encode(), b"3,"])
    assert read(data, chunk=chunk) == [
        (1, ["id", 'a "b"']),
        (3, ["1", "two\nlines"]),
        (5, ["2", "é"]),
        (6, ["3", ""]),
    ]


def test_a_bad_byte_marks_only_its_own_record() -> None:
    assert read(b"a\n\xe9\nb") == [(1, ["a"]), (2, ["\udce9"]), (3, ["b"])]


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_a_quote_that_is_never_closed_costs_its_own_line(chunk: int) -> None:
    assert read(b'1,a\n2,"b\n3,c\n4,d\n', chunk=chunk, width=2) == [
        (1, ["1", "a"]),
        (2, None),
        (3, ["3", "c"]),
        (4, ["4", "d"]),
    ]


def test_a_quote_closed_by_a_later_row_costs_its_own_line() -> None:
    data = b'1,"a\n2,b\n3,"x, y"\n4,c"\n5,e\n'
    assert read(data, width=2) == [
        (1, None),
        (2, ["2", "b"]),
        (3, ["3", "x, y"]),
        (4, ["4", 'c"']),
        (5, ["5", "e"]),
    ]


def test_lines_swallowed_into_a_record_of_the_wrong_width_are_read_again() -> None:
    assert read(b'1,"a,x\n2,b,x\n3,c",x\n4,d,x\n', width=3)[-1] == (4, ["4", "d", "x"])
    assert read(b'1,"a\n2,b,x\n3,"\n4,d,x\n', width=3) == [
        (1, None),
        (2, ["2", "b", "x"]),
        (3, None),
        (4, ["4", "d", "x"]),
    ]


def test_a_record_of_too_many_lines_is_given_up_line_by_line() -> None:
    rows = [f"{number},x".encode() for number in range(MAX_RECORD_LINES + 5)]
    found = read(b"\n".join([b'0,"open', *rows, b'9,"end"']), width=2)
    assert found[0] == (1, None)
    assert [cells for _, cells in found if cells is None] == [None]
    assert len(found) == len(rows) + 2


@pytest.mark.parametrize("chunk", [1000, 1 << 20])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_an_overlong_line_is_dropped_without_the_others(chunk: int, line_end: bytes) -> None:
    data = line_end.join([b"a", b"x" * (MAX_LINE_BYTES + 10), b"b"])
    assert read(data, chunk=chunk) == [(1, ["a"]), (2, None), (3, ["b"])]


def test_utf_16_is_refused_by_name() -> None:
    with pytest.raises(UnreadableFileError, match="UTF-16"):
        read("id\n1\n".encode("utf-16"), chunk=1)


def test_other_delimiters_are_read() -> None:
    assert read(b"a;b,c\n", delimiter=";") == [(1, ["a", "b,c"])]


cells = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8)


@given(rows=st.lists(st.lists(cells, min_size=2, max_size=4), max_size=8), chunk=st.integers(1, 20))
def test_whatever_the_csv_module_writes_is_read_back(rows: list[list[str]], chunk: int) -> None:
    text = StringIO()
    csv.writer(text).writerows(rows)
    data = b"\xef\xbb\xbf" + text.getvalue().encode()
    assert [found for _, found in read(data, chunk=chunk)] == rows


@given(data=st.binary(max_size=200).filter(lambda data: data[:2] not in (b"\xff\xfe", b"\xfe\xff")))
def test_any_bytes_are_read_without_error_and_alike_for_any_cut(data: bytes) -> None:
    assert read(data, width=2) == read(data, width=2, chunk=1)


@given(noise=st.text(alphabet='",\nab', max_size=12))
def test_good_lines_survive_any_single_bad_line(noise: str) -> None:
    bad = '1,"' + noise.replace("\n", "")
    good = [f"{number},good,good" for number in range(5)]
    found = read("\n".join([*good, bad, *good]).encode(), width=3)
    assert [found for _, found in found if found and "good" in found] == [row.split(",") for row in good] * 2
