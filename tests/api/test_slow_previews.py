"""Previews of expressions that take long to count: refused in time, and nothing goes on behind the refusal."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from api import expression_service
from domain.expressions import breaker
from store import audience_preview
from store.database import Database
from store.expression_sql import SqlCondition, compile_to_sql
from tests.api.refusal import assert_refused
from tests.fixtures.carillon import Carillon, eventually

SLEEPING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE state = 'active' AND query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def club(api: httpx.AsyncClient) -> Carillon:
    """A program with one person."""
    club = await Carillon.with_new_program(api, "")
    await club.add_people(1)
    return club


async def preview(club: Carillon) -> httpx.Response:
    asked = {"expression": 'participant.external_id.matches("^p.r")'}
    return await club.http.post(f"{club.base}/expressions/preview", json=asked)


async def test_a_count_that_takes_too_long_is_refused_and_ends_in_postgresql_too(
    club: Carillon, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compile_to_slow_sql(*asked: Any) -> SqlCondition:
        return replace(compile_to_sql(*asked), t_hi="pg_sleep(30) IS NOT NULL")

    monkeypatch.setattr(audience_preview, "compile_to_sql", compile_to_slow_sql)
    monkeypatch.setattr(expression_service, "LONGEST_PREVIEW_SECONDS", 0.2)
    details = assert_refused(await preview(club), "expression")
    assert "takes longer than" in details["reason"]

    async def nothing_sleeps() -> bool:
        async with database.transaction() as session:
            return (await session.execute(text(SLEEPING))).scalar_one() == 0

    await eventually(nothing_sleeps, within=10)


async def test_a_condition_that_is_slow_on_the_people_it_meets_is_refused(
    club: Carillon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "SECONDS_BEFORE_JUDGING", 0.0)
    monkeypatch.setattr(breaker, "SECONDS_PER_ROW", 0.0)
    details = assert_refused(await preview(club), "expression")
    assert "ms a participant on average" in details["reason"]
