"""`carillon import participants`, and the sample people it is tried with."""

import asyncio
import csv
import json
import re
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from cli.sample import participants_csv
from cli.sample.generate import write_participants
from runtime.settings import load_settings
from store.database import Database
from store.tables import Program

PROBLEMS_SHOWN = 10


@pytest.fixture
def settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CARILLON_DATABASE_URL", database_url)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.fixture
def program(settings: None, database_url: str) -> str:
    return str(add_program(database_url, "Sample"))


def add_program(database_url: str, name: str) -> UUID:
    async def add() -> UUID:
        database = Database(database_url, pool_size=2)
        async with database.transaction() as session:
            program = Program(name=name)
            session.add(program)
        await database.close()
        return program.id

    return asyncio.run(add())


def run(*arguments: object) -> Result:
    words: Sequence[str] = [str(argument) for argument in ("import", "participants", *arguments)]
    return CliRunner().invoke(app, words)


def written(directory: Path, text: str) -> Path:
    file = directory / "people.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_of_good_rows_ends_with_0_and_a_report(program: str, tmp_path: Path) -> None:
    result = run(written(tmp_path, "external_id,first_name\na,Ana\nb,Bo\n"), "--program", program)
    assert result.exit_code == 0, result.output
    assert re.search(r"Created\s+2", result.output)


def test_rejected_rows_end_with_1_and_are_written_to_the_report_file(program: str, tmp_path: Path) -> None:
    rows = "".join(f"{number},nonsense\n" for number in range(1200))
    file, report = written(tmp_path, f"external_id,email\n{rows}good,a@example.org\n"), tmp_path / "bad.csv"
    result = run(file, "-p", program, "--report", report)
    assert result.exit_code == 1, result.output
    assert f"{1200 - PROBLEMS_SHOWN:,} more" in result.output

    with report.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 1200
    assert (lines[0]["line"], lines[0]["field"]) == ("2", "email")
    assert lines[0]["reason"]


def test_json_prints_the_report_alone(program: str, tmp_path: Path) -> None:
    result = run(written(tmp_path, "external_id,email\na,x\nb,\n"), "-p", program, "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (report["read"], report["created"], report["rejected"]) == (2, 1, 1)
    assert [(problem["line"], problem["field"]) for problem in report["problems"]] == [(2, "email")]


def test_columns_are_mapped_on_the_command_line(program: str, tmp_path: Path) -> None:
    file = written(tmp_path, "Id;Colour;Notes\na;red;x\n")
    result = run(
        *(file, "-p", program, "--delimiter", ";", "--unmapped", "ignore"),
        *("--map", "Id=external_id", "--map", "Colour=attributes.colour"),
    )
    assert result.exit_code == 0, result.output


def test_a_program_is_found_by_its_name(settings: None, database_url: str, tmp_path: Path) -> None:
    name = f"Club {uuid4()}"
    add_program(database_url, name)
    file = written(tmp_path, "external_id\na\n")
    assert run(file, "--program", name).exit_code == 0

    add_program(database_url, name)
    result = run(file, "--program", name)
    assert result.exit_code == 2
    assert "2 programs are named" in result.stderr


def test_an_unknown_program_is_refused(settings: None, tmp_path: Path) -> None:
    file = written(tmp_path, "external_id\na\n")
    for program in ("Nowhere", uuid4()):
        result = run(file, "--program", program)
        assert result.exit_code == 2
        assert f"no program has the id or name '{program}'" in result.stderr


def test_a_missing_file_is_refused(program: str, tmp_path: Path) -> None:
    result = run(tmp_path / "gone.csv", "--program", program)
    assert result.exit_code == 2
    assert "gone.csv: No such file or directory" in result.stderr


def test_a_column_without_meaning_is_refused_by_name(program: str, tmp_path: Path) -> None:
    result = run(written(tmp_path, "external_id,Shoe size\na,43\n"), "--program", program)
    assert result.exit_code == 2
    assert "'Shoe size'" in result.stderr


def test_a_database_that_cannot_be_reached_ends_with_3(
    settings: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CARILLON_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    load_settings.cache_clear()
    result = run(written(tmp_path, "external_id\na\n"), "--program", "Club")
    assert result.exit_code == 3
    assert "the database cannot be used" in result.stderr


def test_missing_settings_are_named(settings: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CARILLON_DATABASE_URL")
    load_settings.cache_clear()
    result = run(written(tmp_path, "external_id\na\n"), "--program", "Club")
    assert result.exit_code == 2
    assert "CARILLON_DATABASE_URL" in result.stderr


def test_all_3000_people_of_the_sample_are_imported(program: str) -> None:
    result = run(participants_csv(), "--program", program, "--json")
    report = json.loads(result.stdout)
    assert (report["read"], report["created"], report["problems"]) == (3000, 3000, [])
    assert result.exit_code == 0


def test_the_sample_is_what_its_script_writes() -> None:
    text = StringIO()
    write_participants(text)
    assert text.getvalue() == participants_csv().read_text(encoding="utf-8")


def test_the_sample_is_as_varied_as_people_are() -> None:
    with participants_csv().open(encoding="utf-8", newline="") as stream:
        people = list(csv.DictReader(stream))
    assert len({person["attributes.country"] for person in people}) >= 25
    assert sum(person["attributes.birthday:date"].endswith("-02-29") for person in people) >= 10
    for column in ("email", "phone", "first_name", "attributes.birthday:date"):
        assert any(not person[column] for person in people)
    subscribed = sum(person["consent.email"] == "subscribed" for person in people)
    assert 0.65 < subscribed / len(people) < 0.75
    purchases = {person["attributes.last_purchase_at:date"] for person in people} - {""}
    assert "2025-01-01" <= min(purchases) <= max(purchases) <= "2026-11-30"


def test_sample_mail_goes_to_reserved_domains_only() -> None:
    with participants_csv().open(encoding="utf-8", newline="") as stream:
        domains = {person["email"].rpartition("@")[2] for person in csv.DictReader(stream) if person["email"]}
    assert all(re.search(r"(^|\.)example\.(com|org|net)$", domain) for domain in domains)
