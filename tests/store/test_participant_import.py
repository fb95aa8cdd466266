"""Importing participants into a real database."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from domain.csv_records import UnreadableFileError
from domain.participant_columns import ColumnMapping, ColumnsError, Unmapped
from domain.participant_rows import RowProblem
from store import participant_import
from store.contacts import participant_at
from store.database import Database
from store.participant_import import (
    ImportInterruptedError,
    ImportProgress,
    ImportReport,
    UnknownProgramError,
    import_participants,
    read_chunks,
)
from store.programs import get_program
from store.tables import Participant, Program


class Importer:
    """Imports text into one program and reads back what is stored."""

    def __init__(self, database: Database, program_id: UUID) -> None:
        self.database = database
        self.program_id = program_id

    async def __call__(self, content: str | bytes, *entries: str, **options: Any) -> ImportReport:
        data = content.encode() if isinstance(content, str) else content
        mapping = ColumnMapping.parse(entries, **options)
        return await import_participants(self.database, self.program_id, read_chunks(BytesIO(data)), mapping)

    async def stored(self) -> dict[str, Participant]:
        statement = select(Participant).where(col(Participant.program_id) == self.program_id)
        async with self.database.transaction() as session:
            return {person.external_id: person for person in (await session.exec(statement)).all()}


@pytest.fixture
def importer(database: Database, program_id: UUID) -> Importer:
    return Importer(database, program_id)


def counts(report: ImportReport) -> dict[str, int]:
    names = ("read", "created", "updated", "unchanged", "duplicates", "rejected")
    assert report.read == sum(getattr(report, name) for name in names[1:])
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def rows(identifiers: Iterable[object], header: str = "external_id,first_name") -> str:
    return "\n".join([header, *(f"{identifier},Ana" for identifier in identifiers)])


async def test_every_field_of_a_row_is_stored(importer: Importer) -> None:
    report = await importer(
        "external_id,email,phone,first_name,last_name,display_name,locale,timezone,status,tags,"
        "attributes.city,attributes.size:number,attributes.student:bool,attributes.birthday:date,"
        "counters.points,tiers.loyalty,consent.email\n"
        "c-1,Ana@Example.ORG,+34 600 000 001,Ana,Nuñez,Ana N.,es_es,europe/madrid,suspended,vip|new;vip,"
        "Málaga,38.5,yes,2000-02-29,120,gold,SUBSCRIBED\n"
    )
    person = (await importer.stored())["c-1"]

    assert counts(report) == {"read": 1, "created": 1}
    assert (person.email, person.phone) == ("Ana@example.org", "+34600000001")
    assert (person.first_name, person.last_name, person.display_name) == ("Ana", "Nuñez", "Ana N.")
    assert (person.locale, person.timezone, person.status) == ("es-ES", "Europe/Madrid", "SUSPENDED")
    assert person.tags == ["vip", "new"]
    assert person.attributes == {"city": "Málaga", "size": 38.5, "student": True, "birthday": "2000-02-29"}
    assert person.counters == {"points": 120}
    assert person.tiers == {"loyalty": "gold"}
    assert person.consent == {"email": "subscribed"}


async def test_a_number_is_found_by_what_is_dialled_until_another_is_imported(importer: Importer) -> None:
    async def found(number: str) -> bool:
        async with importer.database.transaction() as session:
            return await participant_at(session, importer.program_id, None, number) is not None

    header = "external_id,phone,first_name\n"
    await importer(header + "a,+44 07911 123456,Ana\n")
    assert await found("+447911123456")
    await importer(header + "a,,Anna\n")
    assert await found("+447911123456")
    await importer(header + "a,+34600000001,\n")
    assert await found("+34 600 000 001")
    assert not await found("+447911123456")


async def test_importing_the_same_file_again_changes_nothing(importer: Importer) -> None:
    content = "external_id,email,tags,status,counters.points\na,a@example.org,x,CLOSED,1\nb,,,,\n"
    await importer(content)
    before = await importer.stored()

    assert counts(await importer(content)) == {"read": 2, "unchanged": 2}
    after = await importer.stored()
    assert {key: person.updated_at for key, person in after.items()} == {
        key: person.updated_at for key, person in before.items()
    }


async def test_a_second_import_updates_what_it_states_and_keeps_the_rest(importer: Importer) -> None:
    header = "external_id,email,first_name,status,tags,attributes.city,attributes.plan,counters.points\n"
    await importer(header + "a,a@example.org,Ana,SUSPENDED,vip,Lugo,pro,7\n")
    first = (await importer.stored())["a"]

    report = await importer(header + "a,,Anna,,,,basic,\n")
    person = (await importer.stored())["a"]

    assert counts(report) == {"read": 1, "updated": 1}
    assert (person.id, person.created_at) == (first.id, first.created_at)
    assert person.updated_at > first.updated_at
    assert (person.email, person.first_name, person.status) == ("a@example.org", "Anna", "SUSPENDED")
    assert (person.tags, person.counters) == (["vip"], {"points": 7})
    assert person.attributes == {"city": "Lugo", "plan": "basic"}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("email", "b@example.org"),
        ("phone", "600"),
        ("display_name", "B"),
        ("locale", "pt"),
        ("timezone", "UTC"),
        ("status", "CLOSED"),
        ("tags", "b"),
        ("attributes.a", "b"),
        ("counters.a", "2"),
        ("tiers.a", "b"),
        ("consent.sms", "unsubscribed"),
    ],
)
async def test_a_change_of_any_one_field_is_an_update(importer: Importer, column: str, value: str) -> None:
    await importer("external_id\na")
    assert counts(await importer(f"external_id,{column}\na,{value}")) == {"read": 1, "updated": 1}
    assert counts(await importer(f"external_id,{column}\na,{value}")) == {"read": 1, "unchanged": 1}


async def test_a_status_of_active_is_told_from_no_status(importer: Importer) -> None:
    await importer("external_id,status\na,CLOSED\nb,CLOSED\n")
    await importer("external_id,status\na,ACTIVE\nb,\n")
    stored = await importer.stored()
    assert {key: person.status for key, person in stored.items()} == {"a": "ACTIVE", "b": "CLOSED"}


async def test_good_rows_are_stored_and_bad_ones_reported_with_their_line(importer: Importer) -> None:
    report = await importer(
        b"\xef\xbb\xbfexternal_id,email,first_name\r\n"
        b'a,a@example.org,"Ana\r\nMaria"\r\n'
        b"b,not-an-email,Bo\r\n"
        b"c,c@example.org,Jos\xe9\r\n"
        b"\r\n"
        b"d,d@example.org\r\n"
        b'e,e@example.org,"never closed\r\n'
        b"f,f@example.org," + b"x" * 300_000 + b"\r\n"
        b",g@example.org,Gil\r\n"
        b"h,h@example.org,\xe5\x8d\x81\xe5\x85\xab\r\n"
        b"i,i@example.org,\xd9\x84\xd9\x8a\xd9\x84\xd9\x89"
    )
    stored = await importer.stored()

    assert {key: person.first_name for key, person in stored.items()} == {
        "a": "Ana\nMaria",
        "h": "十八",
        "i": "ليلى",
    }
    assert [(problem.line, problem.field) for problem in report.problems] == [
        (4, "email"),
        (5, "first_name"),
        (7, ""),
        (8, ""),
        (9, ""),
        (10, "external_id"),
    ]
    assert counts(report) == {"read": 9, "created": 3, "rejected": 6}


async def test_the_last_of_repeated_rows_wins_wherever_the_batches_are_cut(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "external_id,first_name,last_name\na,Ana,One\nb,Bo,\na,,Two\nc,Cy,\na,Anna,\n"
    for batch in (1, 2, 3, 100):
        monkeypatch.setattr(participant_import, "BATCH_ROWS", batch)
        fresh = Importer(importer.database, await _new_program(importer.database))
        report = await fresh(content)
        person = (await fresh.stored())["a"]
        assert (person.first_name, person.last_name) == ("Anna", "Two"), batch
        assert counts(report) == {"read": 5, "created": 3, "duplicates": 2}, batch


async def _new_program(database: Database) -> UUID:
    async with database.transaction() as session:
        program = Program(name="Another")
        session.add(program)
    return program.id


async def test_the_first_thousand_problems_are_kept_and_all_are_counted(
    importer: Importer, database: Database, program_id: UUID
) -> None:
    content = rows([*("" for _ in range(1500)), "good"]).encode()
    told: list[RowProblem] = []
    report = await import_participants(
        database, program_id, [content], ColumnMapping(), on_problem=told.append
    )
    assert (len(report.problems), report.problem_count, report.rejected) == (1000, 1500, 1500)
    assert len(told) == 1500
    assert list(await importer.stored()) == ["good"]


async def test_progress_is_told_in_bytes_and_rows(database: Database, program_id: UUID) -> None:
    content = rows(range(20_000)).encode()
    steps: list[ImportProgress] = []
    await import_participants(
        database, program_id, read_chunks(BytesIO(content)), ColumnMapping(), on_progress=steps.append
    )
    assert [step.bytes_read for step in steps] == sorted(step.bytes_read for step in steps)
    assert steps[-1] == ImportProgress(len(content), 20_000, 20_000, 0)
    assert 0 < steps[len(steps) // 2].written < 20_000


async def test_chunks_may_come_from_an_asynchronous_stream(database: Database, program_id: UUID) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for byte in rows(["日本", "b"]).encode():
            yield bytes([byte])

    report = await import_participants(database, program_id, drip(), ColumnMapping())
    assert counts(report) == {"read": 2, "created": 2}


async def test_columns_without_meaning_become_attributes_when_asked(importer: Importer) -> None:
    report = await importer(
        "Customer,Fav colour,Notes,points\na,red,secret,3\n",
        "Customer=external_id",
        "Notes=ignore",
        "points=counters.points",
        unmapped=Unmapped.ATTRIBUTES,
    )
    person = (await importer.stored())["a"]
    assert (person.attributes, person.counters) == ({"Fav colour": "red"}, {"points": 3})
    assert counts(report) == {"read": 1, "created": 1}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", ColumnsError),
        (b"\n\n", ColumnsError),
        (b"email\na@example.org\n", ColumnsError),
        (b'external_id,"email\n', ColumnsError),
        ("external_id\na\n".encode("utf-16"), UnreadableFileError),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    importer: Importer, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await importer(content)
    assert await importer.stored() == {}


async def test_an_unknown_program_is_refused(database: Database) -> None:
    with pytest.raises(UnknownProgramError):
        await import_participants(database, uuid4(), [b"external_id\na"], ColumnMapping())


async def test_people_of_other_programs_are_not_touched(importer: Importer, database: Database) -> None:
    other = Importer(database, await _new_program(database))
    await other("external_id,first_name\na,Other\n")
    await importer("external_id,first_name\na,Ours\n")
    assert (await other.stored())["a"].first_name == "Other"


async def test_a_database_failure_part_way_says_what_is_stored(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participant_import, "BATCH_ROWS", 2)
    doomed = await _new_program(database)

    async def chunks() -> AsyncIterator[bytes]:
        yield rows("abc").encode() + b"\n"
        async with database.transaction() as session:
            program = await get_program(session, doomed)
            await session.delete(program)
        yield b"d,Dee\n"

    with pytest.raises(ImportInterruptedError) as failure:
        await import_participants(database, doomed, chunks(), ColumnMapping())
    assert failure.value.report.created == 2


async def test_imports_of_the_same_people_at_the_same_time_do_not_hinder_each_other(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participant_import, "BATCH_ROWS", 200)
    forward, backward = rows(range(1000)), rows(reversed(range(1000)))
    reports = await asyncio.gather(importer(forward), importer(backward), importer(forward))
    assert sum(report.created for report in reports) == 1000
    assert all(report.read == 1000 and not report.rejected for report in reports)
    assert len(await importer.stored()) == 1000


async def test_the_report_is_plain_json(importer: Importer) -> None:
    report = await importer("external_id,email\na,x\n")
    document = json.loads(report.model_dump_json())
    assert document["problems"][0]["line"] == 2
    assert document["problems"][0]["field"] == "email"
