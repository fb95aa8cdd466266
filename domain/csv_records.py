"""Cut a stream of bytes into CSV records, so that one bad record never spoils those around it."""

import csv
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

MAX_LINE_BYTES = 256 * 1024
MAX_RECORD_CHARS = 256 * 1024
MAX_RECORD_LINES = 1000


class UnreadableFileError(ValueError):
    """The bytes are not UTF-8 text at all; the message says what they are."""


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """The cells of one record, and the line of the file (from 1) on which it starts."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A line that starts no well-formed record, and why."""

    line: int
    reason: str


class CsvReader:
    """Reads CSV (RFC 4180, any line end, UTF-8 with or without a mark) piece by piece.

    A byte that is not UTF-8 becomes a lone surrogate in its cell: whoever reads the cell refuses it. When
    quotes make nonsense of several lines, only the first is given up and reading starts again on the next
    one; so a stray quote costs its own line. Memory is bounded by the largest record, MAX_RECORD_CHARS.
    """

    def __init__(self, delimiter: str = ",") -> None:
        self.width: int | None = None
        """Cells a record must have, once known: one over several lines that has not is read again."""
        self._splitter = _LineSplitter()
        self._lines: deque[str | None] = deque()
        self._record = _RecordLines(self._lines)
        self._csv = csv.reader(self._record, delimiter=delimiter, strict=True)
        self._line = 1

    def feed(self, chunk: bytes) -> Iterator[CsvRecord | BadRecord]:
        """The records that `chunk` completes. Exhaust it before the next call. Raises UnreadableFileError."""
        self._lines.extend(self._splitter.feed(chunk))
        return self._drain(final=False)

    def finish(self) -> Iterator[CsvRecord | BadRecord]:
        """The records left when the stream has ended."""
        self._lines.extend(self._splitter.finish())
        return self._drain(final=True)

    def _drain(self, *, final: bool) -> Iterator[CsvRecord | BadRecord]:
        while self._lines:
            self._record.begin()
            try:
                cells = next(self._csv)
            except _OutOfLinesError:
                if not final:
                    self._record.give_back(0)
                    return
                yield self._give_up_first_line("a quoted cell is never closed")
            except _RecordTooLargeError:
                yield self._give_up_first_line(
                    f"a quoted cell is not closed within {MAX_RECORD_LINES} lines or {MAX_RECORD_CHARS} characters"
                )
            except _LineTooLongError:
                yield self._give_up_first_line(f"the line is longer than {MAX_LINE_BYTES} bytes")
            except csv.Error:
                yield self._give_up_first_line("the line is not well-formed CSV (look at its quotes)")
            else:
                record = self._complete(cells)
                if record is not None:
                    yield record

    def _complete(self, cells: list[str]) -> CsvRecord | BadRecord | None:
        lines = len(self._record.taken)
        if lines > 1 and self.width is not None and len(cells) != self.width:
            return self._give_up_first_line(cell_count_problem(self.width, len(cells)))
        start, self._line = self._line, self._line + lines
        return CsvRecord(start, cells) if cells else None

    def _give_up_first_line(self, reason: str) -> BadRecord:
        self._record.give_back(1)
        self._line += 1
        return BadRecord(self._line - 1, reason)


def cell_count_problem(expected: int, found: int) -> str:
    return f"expected {expected} cells as in the header, found {found}"


class _OutOfLinesError(Exception):
    """The record at hand goes on past the lines read so far."""


class _RecordTooLargeError(Exception):
    """The record at hand is larger than any record may be."""


class _LineTooLongError(Exception):
    """The line at hand was dropped for its length."""


class _RecordLines:
    """Hands lines to the csv module, and remembers those that went into the record at hand."""

    def __init__(self, lines: deque[str | None]) -> None:
        self._lines = lines
        self.taken: list[str | None] = []
        self._chars = 0

    def begin(self) -> None:
        self.taken = []
        self._chars = 0

    def give_back(self, start: int) -> None:
        """Put the taken lines from index `start` on back, to be read again."""
        self._lines.extendleft(reversed(self.taken[start:]))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if not self._lines:
            raise _OutOfLinesError
        if len(self.taken) >= MAX_RECORD_LINES or self._chars > MAX_RECORD_CHARS:
            raise _RecordTooLargeError
        if self.taken and self._lines[0] is None:
            raise _RecordTooLargeError
        line = self._lines.popleft()
        self.taken.append(line)
        if line is None:
            raise _LineTooLongError
        self._chars += len(line)
        return line


class _LineSplitter:
    """Cuts bytes into lines of text; a line over MAX_LINE_BYTES becomes None and is not kept."""

    def __init__(self) -> None:
        self._tail = bytearray()
        self._skipping = False
        self._at_start = True

    def feed(self, chunk: bytes) -> Iterator[str | None]:
        self._tail += chunk
        self._check_start(at_end=False)
        if self._at_start:
            return
        # Besides the chunk itself: a first byte kept for the mark, or a \r kept for its \n.
        recent = self._tail[-len(chunk) - len(BOM_UTF8) :]
        if b"\n" in recent or b"\r" in recent:
            lines = bytes(self._tail).splitlines(keepends=True)
            # A final \r may be half of \r\n, so its line waits for the next byte.
            self._tail = bytearray() if lines[-1].endswith(b"\n") else bytearray(lines.pop())
            for line in lines:
                yield self._text(line)
        if len(self._tail) > MAX_LINE_BYTES:
            self._skipping = True
            del self._tail[:-1]

    def finish(self) -> Iterator[str | None]:
        self._check_start(at_end=True)
        for line in bytes(self._tail).splitlines(keepends=True):
            yield self._text(line)
        self._tail.clear()

    def _text(self, line: bytes) -> str | None:
        if self._skipping or len(line) > MAX_LINE_BYTES:
            self._skipping = False
            return None
        return line.rstrip(b"\r\n").decode("utf-8", "surrogateescape") + "\n"

    def _check_start(self, *, at_end: bool) -> None:
        if not self._at_start or (len(self._tail) < len(BOM_UTF8) and not at_end):
            return
        self._at_start = False
        if self._tail.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            raise UnreadableFileError("the file is UTF-16 text; save it as CSV UTF-8")
        if self._tail.startswith(BOM_UTF8):
            del self._tail[: len(BOM_UTF8)]
