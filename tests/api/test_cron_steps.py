"""The steps of the master, of which one that fails stops none of the others."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from store.database import Database
from store.tables import ParticipantVisits, Program
from tests.fixtures.in_process import api_in_process
from tests.fixtures.postgres import database_of_its_own
from tests.store.watching import add_people

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SECRET = "a secret of schedulers"


@pytest.fixture(scope="module")
def database_url(postgres_address: str) -> Iterator[str]:
    """A database of this file's own: the steps go over every program, those of other tests too."""
    with database_of_its_own(postgres_address) as address:
        yield address


async def master(client: httpx.AsyncClient) -> list[dict[str, object]]:
    answer = await client.get("/api/cron/master", headers={"Authorization": f"Bearer {SECRET}"})
    assert answer.status_code == 200
    results: list[dict[str, object]] = answer.json()["results"]
    return results


async def test_a_step_that_fails_is_told_and_the_next_one_goes_on(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(session: object) -> None:
        raise OperationalError("SELECT 'of a person'", {}, OSError("of a person"))

    monkeypatch.setattr("api.cron_steps.program_ids", broken)
    async with api_in_process(database_url, cron_secret=SECRET) as client:
        first, last = await master(client)
    assert first == {"endpoint": "/api/cron/rfm", "error": "OperationalError"}
    assert (last["endpoint"], last["status"]) == ("/api/cron/automations", 200)


async def test_a_program_that_cannot_be_scored_is_counted_and_the_others_are_scored(
    database_url: str,
) -> None:
    database = Database(database_url, pool_size=1)
    names = ("Broken", "Before", "After")
    async with database.transaction() as session:
        programs = [Program(name=name) for name in names]
        session.add_all(programs)
    for program, spent in zip(programs, ("1e400", "5", "5"), strict=True):
        (person,) = await add_people(database, program.id, {})
        async with database.transaction() as session:
            session.add(
                ParticipantVisits(
                    participant_id=person,
                    program_id=program.id,
                    visits=1,
                    spent=Decimal(spent),
                    last_at=NOW,
                    counted_at=NOW,
                )
            )
    await database.close()
    async with api_in_process(database_url, cron_secret=SECRET) as client:
        scored, _ = await master(client)
    assert scored["data"] == {"success": True, "programs": 2, "changed": 2, "failed": 1}


async def test_without_a_secret_in_the_settings_nobody_has_it(database_url: str) -> None:
    async with api_in_process(database_url) as client:
        for secret in ("", SECRET, "None"):
            headers = {"Authorization": f"Bearer {secret}"}
            assert (await client.get("/api/cron/master", headers=headers)).status_code == 401
