"""Journeys as rows: drafts that change, versions that do not, and who is told."""

from datetime import timedelta
from uuid import UUID

from domain.journeys.resume_policy import ResumeMode, ResumePolicy
from domain.wake_up import Sleeper, WakeUp
from store.database import Database
from store.journeys import (
    definition_of,
    delete_journey,
    disable_journey,
    enable_journey,
    get_journey,
    get_version,
    known_journeys,
    lock_journey,
    new_hex_id,
    redefine_journey,
)
from store.tables import Journey, Program
from store.waking import wake_ups
from tests.store.journeying import NOON, add_journey, definition, read_journey

LATER = NOON + timedelta(days=1)


async def enable(database: Database, program_id: UUID, journey_id: str) -> Journey:
    async with database.transaction() as session:
        journey = await lock_journey(session, program_id, journey_id)
        assert journey is not None
        await enable_journey(session, journey, NOON)
        assert wake_ups(session) == {WakeUp(Sleeper.JOURNEY, journey_id)}
    return journey


async def test_a_new_journey_is_disabled_and_has_no_version(database: Database, program_id: UUID) -> None:
    journey = await read_journey(database, program_id, await add_journey(database, program_id))
    assert (journey.is_enabled, journey.published_hash, journey.first_enabled_at) == (False, None, None)
    assert len(journey.id) == 24
    assert set(journey.id) <= set("0123456789abcdef")
    assert definition_of(journey) == definition()


async def test_a_journey_belongs_to_one_program(database: Database, program_id: UUID) -> None:
    journey_id = await add_journey(database, program_id)
    async with database.transaction() as session:
        other = Program(name="Other")
        session.add(other)
        await session.flush()
        assert await get_journey(session, other.id, journey_id) is None
        assert await lock_journey(session, other.id, journey_id) is None
        assert await known_journeys(session, other.id, [journey_id]) == set()
        assert await known_journeys(session, program_id, [journey_id, new_hex_id()]) == {journey_id}


async def test_enabling_publishes_the_draft_and_editing_leaves_what_was_published(
    database: Database, program_id: UUID
) -> None:
    journey_id = await add_journey(database, program_id)
    first = await enable(database, program_id, journey_id)
    edited = definition(event="started checkout")
    async with database.transaction() as session:
        journey = await lock_journey(session, program_id, journey_id)
        assert journey is not None
        disable_journey(session, journey, LATER)
        redefine_journey(journey, edited, LATER)
    journey = await read_journey(database, program_id, journey_id)
    assert journey.published_hash == first.published_hash == definition().content_hash()
    assert definition_of(journey) == edited
    second = await enable(database, program_id, journey_id)
    assert second.published_hash == edited.content_hash()
    async with database.transaction() as session:
        assert await get_version(session, journey_id, definition().content_hash()) == definition()
        assert await get_version(session, journey_id, edited.content_hash()) == edited
        assert await get_version(session, journey_id, "0" * 64) is None


async def test_publishing_what_was_published_before_finds_that_version(
    database: Database, program_id: UUID
) -> None:
    journey_id = await add_journey(database, program_id)
    versions = [(await enable(database, program_id, journey_id)).published_hash for _ in range(2)]
    assert versions == [definition().content_hash()] * 2


async def test_instants_tell_when_it_was_enabled_first_and_last(database: Database, program_id: UUID) -> None:
    journey_id = await add_journey(database, program_id)
    await enable(database, program_id, journey_id)
    policy = ResumePolicy(mode=ResumeMode.TRICKLE, per_minute=100)
    async with database.transaction() as session:
        journey = await lock_journey(session, program_id, journey_id)
        assert journey is not None
        disable_journey(session, journey, LATER, policy)
        await enable_journey(session, journey, LATER + timedelta(days=1), enroll_existing=True)
    journey = await read_journey(database, program_id, journey_id)
    assert journey.first_enabled_at == NOON
    assert journey.disabled_at == LATER
    assert journey.enabled_at == journey.enroll_existing_requested_at == LATER + timedelta(days=1)
    assert journey.resume_policy is None


async def test_a_deleted_journey_takes_its_versions_along(database: Database, program_id: UUID) -> None:
    journey_id = await add_journey(database, program_id)
    version = (await enable(database, program_id, journey_id)).published_hash
    assert version is not None
    async with database.transaction() as session:
        journey = await lock_journey(session, program_id, journey_id)
        assert journey is not None
        await delete_journey(session, journey, NOON)
        assert wake_ups(session) == {WakeUp(Sleeper.JOURNEY, journey_id)}
    async with database.transaction() as session:
        assert await get_journey(session, program_id, journey_id) is None
        assert await get_version(session, journey_id, version) is None
