"""The steps of the master, of which one that fails stops none of the others."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from tests.fixtures.in_process import api_in_process
from tests.fixtures.postgres import database_of_its_own

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


async def test_without_a_secret_in_the_settings_nobody_has_it(database_url: str) -> None:
    async with api_in_process(database_url) as client:
        for secret in ("", SECRET, "None"):
            headers = {"Authorization": f"Bearer {secret}"}
            assert (await client.get("/api/cron/master", headers=headers)).status_code == 401
