"""Import participants from a CSV stream of any length, in constant memory but for the ids seen."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

import psycopg
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import SQLAlchemyError

from domain.csv_records import BadRecord, CsvReader, CsvRecord
from domain.participant_columns import ColumnMapping, ColumnsError
from domain.participant_rows import ParticipantRow, RowParser, RowProblem
from store.database import Database
from store.participant_staging import upsert_rows
from store.programs import get_program

BATCH_ROWS = 5000
CHUNK_BYTES = 64 * 1024
KEPT_PROBLEMS = 1000

Chunks = Iterable[bytes] | AsyncIterable[bytes]


class UnknownProgramError(Exception):
    """No program has this id."""


class ImportReport(BaseModel):
    """What became of a file; `read = created + updated + unchanged + duplicates + rejected`.

    `read` counts rows: neither the header nor blank lines. `duplicates` are rows whose external_id another
    row of the file also has: the participant counts once as created, updated or unchanged. `problems` holds
    the first KEPT_PROBLEMS of `problem_count`; a rejected row has at least one.
    """

    model_config = ConfigDict(frozen=True)

    read: int
    created: int
    updated: int
    unchanged: int
    duplicates: int
    rejected: int
    problem_count: int
    problems: tuple[RowProblem, ...]


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is: bytes and rows read, rows rejected, participants written so far."""

    bytes_read: int
    read: int
    written: int
    rejected: int


class ImportInterruptedError(Exception):
    """The database failed part-way; importing the file again is safe.

    `report` counts what is stored (created, updated, unchanged); rows read last may be missing from it.
    """

    def __init__(self, report: ImportReport) -> None:
        super().__init__("the database failed before the end of the file")
        self.report = report


async def import_participants(
    database: Database,
    program_id: UUID,
    chunks: Chunks,
    mapping: ColumnMapping,
    on_progress: Callable[[ImportProgress], None] | None = None,
    on_problem: Callable[[RowProblem], None] | None = None,
) -> ImportReport:
    """Create or update, by external_id, a participant for each good row of a CSV file.

    `chunks` are the file's bytes, cut anywhere (`read_chunks` cuts an open file). Rows are stored in
    transactions of BATCH_ROWS; bad rows are reported, one `on_problem` call each fault, and skipped. An empty
    cell leaves the stored value as it is; where rows repeat an external_id the last one wins, cell by cell.

    Raises UnknownProgramError, ColumnsError or UnreadableFileError before anything is written (the latter two
    speak of the header and the encoding) and ImportInterruptedError when the database fails later.
    """
    async with database.transaction() as session:
        if await get_program(session, program_id) is None:
            raise UnknownProgramError(str(program_id))
    running = _Import(database, program_id, mapping, on_problem)
    try:
        async for chunk in _each(chunks):
            await running.feed(chunk)
            if on_progress is not None:
                on_progress(running.progress())
        await running.finish()
    except (psycopg.Error, SQLAlchemyError) as error:
        raise ImportInterruptedError(running.report()) from error
    if on_progress is not None:
        on_progress(running.progress())
    return running.report()


def read_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of an open file, CHUNK_BYTES at a time."""
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


async def _each(chunks: Chunks) -> AsyncIterator[bytes]:
    # Parsing holds the processor: others on this event loop get their turn after each piece.
    if isinstance(chunks, AsyncIterable):
        async for chunk in chunks:
            yield chunk
            await asyncio.sleep(0)
        return
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(0)


class _Import:
    """One import under way: the reader, the batch not yet written, and the counts."""

    def __init__(
        self,
        database: Database,
        program_id: UUID,
        mapping: ColumnMapping,
        on_problem: Callable[[RowProblem], None] | None,
    ) -> None:
        self._database = database
        self._program_id = program_id
        self._mapping = mapping
        self._on_problem = on_problem
        self._reader = CsvReader(mapping.delimiter)
        self._parser: RowParser | None = None
        self._batch: dict[str, ParticipantRow] = {}
        # Hashes, not ids: a tenth of the memory, and a clash would only misplace one in the counts.
        self._seen: set[int] = set()
        self._bytes_read = self._read = self._rejected = self._problem_count = 0
        self._created = self._updated = self._unchanged = self._duplicates = 0
        self._problems: list[RowProblem] = []

    async def feed(self, chunk: bytes) -> None:
        self._bytes_read += len(chunk)
        for record in self._reader.feed(chunk):
            self._take(record)
            if len(self._batch) >= BATCH_ROWS:
                await self._write()

    async def finish(self) -> None:
        for record in self._reader.finish():
            self._take(record)
        if self._parser is None:
            raise ColumnsError(["the file is empty: expected a header"])
        await self._write()

    def progress(self) -> ImportProgress:
        written = self._created + self._updated + self._unchanged
        return ImportProgress(self._bytes_read, self._read, written, self._rejected)

    def report(self) -> ImportReport:
        return ImportReport(
            read=self._read,
            created=self._created,
            updated=self._updated,
            unchanged=self._unchanged,
            duplicates=self._duplicates,
            rejected=self._rejected,
            problem_count=self._problem_count,
            problems=tuple(self._problems),
        )

    def _take(self, record: CsvRecord | BadRecord) -> None:
        if self._parser is None:
            self._parser = self._read_header(record)
            return
        self._read += 1
        if isinstance(record, BadRecord):
            self._reject([RowProblem(record.line, "", record.reason)])
            return
        row = self._parser.parse(record)
        if isinstance(row, list):
            self._reject(row)
            return
        earlier = self._batch.get(row.external_id)
        if earlier is not None:
            self._duplicates += 1
        self._batch[row.external_id] = row if earlier is None else earlier.followed_by(row)

    def _read_header(self, record: CsvRecord | BadRecord) -> RowParser:
        if isinstance(record, BadRecord):
            raise ColumnsError([f"line {record.line}, the header: {record.reason}"])
        self._reader.width = len(record.cells)
        return RowParser(self._mapping.bind(record.cells), len(record.cells))

    def _reject(self, problems: list[RowProblem]) -> None:
        self._rejected += 1
        self._problem_count += len(problems)
        self._problems.extend(problems[: KEPT_PROBLEMS - len(self._problems)])
        if self._on_problem is not None:
            for problem in problems:
                self._on_problem(problem)

    async def _write(self) -> None:
        if not self._batch:
            return
        outcome = await upsert_rows(self._database, self._program_id, self._batch.values())
        for external_id in self._batch:
            digest = hash(external_id)
            if digest in self._seen:
                self._duplicates += 1
                continue
            self._seen.add(digest)
            match outcome.get(external_id):
                case None:
                    self._unchanged += 1
                case True:
                    self._created += 1
                case False:
                    self._updated += 1
        self._batch.clear()
