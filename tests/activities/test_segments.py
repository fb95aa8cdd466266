"""Segments in upkeep: in turn, stopped when slow, and never at the cost of the others."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError
from temporalio.testing import ActivityEnvironment

from activities import Resources, segments
from activities.segments import SegmentActivities
from channels.webhook import WebhookSender
from domain.expressions import breaker
from domain.segments import SegmentStatus
from runtime.settings import Settings
from store.database import Database
from tests.store.segmenting import add_segment, members, segment_of
from tests.store.watching import add_people

NEEDS_THE_ENGINE = 'participant.external_id.matches("^[0-9a-f-]+$")'
EVERY = 600


@pytest.fixture(autouse=True)
async def no_others(database: Database) -> AsyncIterator[None]:
    """Segments that other tests left are not due."""
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM segment"))
    yield


async def attend(database: Database, now: datetime | None = None) -> int:
    settings = Settings(
        database_url=database.engine.url.render_as_string(hide_password=False), segment_refresh_seconds=EVERY
    )
    sender = WebhookSender(settings.destination_rules, settings.webhook_timeout_seconds)
    temporal: Any = None
    activities = SegmentActivities(Resources(settings, database, temporal, {}, sender))
    refreshed = await ActivityEnvironment().run(activities.attend, now or datetime.now(UTC))
    assert isinstance(refreshed, int)
    return refreshed


async def asked_for(database: Database, program_id: UUID, expression: str = "true") -> UUID:
    return await add_segment(database, program_id, expression, refresh_requested_at=datetime.now(UTC))


async def test_what_was_asked_for_is_refreshed_once(database: Database, program_id: UUID) -> None:
    (person,) = await add_people(database, program_id, {})
    segment_id = await asked_for(database, program_id)
    assert await attend(database) == 1
    assert set(await members(database, segment_id)) == {person}
    assert await attend(database) == 0


async def test_a_segment_is_refreshed_again_when_its_time_has_come(
    database: Database, program_id: UUID
) -> None:
    segment_id = await asked_for(database, program_id)
    await attend(database)
    people = await add_people(database, program_id, {})
    now = datetime.now(UTC)
    assert await attend(database, now + timedelta(seconds=EVERY - 60)) == 0
    assert await attend(database, now + timedelta(seconds=EVERY + 60)) == 1
    assert set(await members(database, segment_id)) == set(people)


async def test_a_slow_condition_fails_its_segment_and_no_other(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_people(database, program_id, {})
    slow = await asked_for(database, program_id, NEEDS_THE_ENGINE)
    other = await asked_for(database, program_id)
    monkeypatch.setattr(breaker, "SECONDS_BEFORE_JUDGING", 0.0)
    monkeypatch.setattr(breaker, "SECONDS_PER_ROW", 0.0)
    assert await attend(database) == 1
    failed = await segment_of(database, slow)
    assert failed.status == SegmentStatus.FAILED.value
    assert "ms a participant" in str(failed.error)
    assert (await segment_of(database, other)).status == SegmentStatus.READY.value
    assert await attend(database) == 0


async def test_an_evaluation_that_takes_too_long_is_cut_short(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> bool:
        await asyncio.Event().wait()
        return True

    segment_id = await asked_for(database, program_id)
    with monkeypatch.context() as patched:
        patched.setattr(segments, "LONGEST_EVALUATION_SECONDS", 0.05)
        patched.setattr(segments, "evaluate", hang)
        assert await attend(database) == 0
    failed = await segment_of(database, segment_id)
    assert failed.status == SegmentStatus.FAILED.value
    assert "takes longer than" in str(failed.error)


async def test_a_condition_that_this_release_does_not_take_fails_its_segment(
    database: Database, program_id: UUID
) -> None:
    segment_id = await asked_for(database, program_id, "participant.shoe_size > 40")
    assert await attend(database) == 0
    failed = await segment_of(database, segment_id)
    assert failed.status == SegmentStatus.FAILED.value
    assert "shoe_size" in str(failed.error)


@pytest.mark.parametrize(("kind", "is_its_own_fault"), [(DataError, True), (OperationalError, False)])
async def test_only_what_is_wrong_with_the_segment_itself_fails_it(
    database: Database,
    program_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Any],
    is_its_own_fault: bool,
) -> None:
    async def refuse(*_: object) -> bool:
        raise kind("SELECT 1", {}, getattr(psycopg, kind.__name__)("a row of Ada's"))

    segment_id = await asked_for(database, program_id)
    monkeypatch.setattr(segments, "evaluate", refuse)
    if is_its_own_fault:
        assert await attend(database) == 0
    else:
        with pytest.raises(OperationalError):
            await attend(database)
    segment = await segment_of(database, segment_id)
    assert (segment.status == SegmentStatus.FAILED.value) is is_its_own_fault
    assert "Ada" not in str(segment.error)


async def test_a_pass_leaves_what_it_has_no_time_for_to_the_next(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = [await asked_for(database, program_id) for _ in range(2)]
    monkeypatch.setattr(segments, "SECONDS_A_PASS", 0.0)
    for refreshed in ([first], [first, second]):
        assert await attend(database) == 1
        found = [await segment_of(database, segment_id) for segment_id in (first, second)]
        assert [one.id for one in found if one.status == SegmentStatus.READY.value] == refreshed
    assert await attend(database) == 0
