"""Reading and writing journeys. Lists of them: store/journey_pages.py."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.definition import JourneyDefinition
from domain.journeys.enrolling import ExitReason
from domain.journeys.resume_policy import ResumePolicy
from domain.wake_up import Sleeper
from store.journey_crowds import exit_everyone, resume_everyone
from store.journey_listeners import note_listeners
from store.tables import Journey, JourneyVersion
from store.waking import wake_after_commit

_ENTRIES_LOCKS = 7_202
"""Of the advisory locks on journeys that people are being let into."""
_ALONE = text("SELECT pg_try_advisory_xact_lock(:space, hashtext(:journey))")


def new_hex_id() -> str:
    """The id of a new journey or block: 24 hexadecimal digits."""
    return secrets.token_hex(12)


def create_journey(
    session: AsyncSession, program_id: UUID, name: str, definition: JourneyDefinition, now: datetime
) -> Journey:
    """A journey that is disabled."""
    journey = Journey(
        id=new_hex_id(),
        program_id=program_id,
        name=name,
        definition=definition.stored(),
        created_at=now,
        updated_at=now,
    )
    session.add(journey)
    return journey


async def get_journey(session: AsyncSession, program_id: UUID, journey_id: str) -> Journey | None:
    journey = await session.get(Journey, journey_id)
    return journey if journey and journey.program_id == program_id else None


async def lock_journey(session: AsyncSession, program_id: UUID, journey_id: str) -> Journey | None:
    """Nobody else changes the journey until the transaction ends."""
    journey = await session.get(
        Journey, journey_id, with_for_update={"key_share": True}, populate_existing=True
    )
    return journey if journey and journey.program_id == program_id else None


async def hold_open_journey(session: AsyncSession, journey_id: str) -> Journey | None:
    """An enabled journey, which stays as it is until the transaction ends, for letting in people who come by no event.

    None also while another transaction does that: each would wait for the other to let go.
    """
    alone = await session.execute(_ALONE, {"space": _ENTRIES_LOCKS, "journey": journey_id})
    if not alone.scalar_one():
        return None
    journey = await session.get(Journey, journey_id, with_for_update={"read": True}, populate_existing=True)
    return journey if journey and journey.is_enabled else None


async def existing_requested(session: AsyncSession, journey_id: str) -> bool:
    """Whether the journey is to let people in for what happened before, and has not let in all of them."""
    statement = select(Journey.enroll_existing_requested_at).where(col(Journey.id) == journey_id)
    return (await session.exec(statement)).first() is not None


async def journeys_enrolling_existing(session: AsyncSession) -> list[str]:
    """The enabled journeys of which that is so."""
    statement = select(Journey.id).where(
        col(Journey.is_enabled), col(Journey.enroll_existing_requested_at).is_not(None)
    )
    return list((await session.exec(statement.order_by(col(Journey.id)))).all())


async def note_existing_enrolled(session: AsyncSession, journey_id: str) -> None:
    await session.execute(
        update(Journey).where(col(Journey.id) == journey_id).values(enroll_existing_requested_at=None)
    )


async def known_journeys(session: AsyncSession, program_id: UUID, among: Iterable[str]) -> set[str]:
    """Those of `among` that are journeys of the program."""
    statement = select(Journey.id).where(
        col(Journey.program_id) == program_id, col(Journey.id).in_(list(among))
    )
    return set((await session.exec(statement)).all())


def definition_of(journey: Journey) -> JourneyDefinition:
    """The draft."""
    return JourneyDefinition.model_validate(journey.definition)


async def get_version(session: AsyncSession, journey_id: str, content_hash: str) -> JourneyDefinition | None:
    """A definition that was published."""
    version = await session.get(JourneyVersion, (journey_id, content_hash))
    return JourneyDefinition.model_validate(version.definition) if version else None


def redefine_journey(journey: Journey, definition: JourneyDefinition, now: datetime) -> None:
    """Replace the draft of a locked journey. People meet it once it is published."""
    journey.definition = definition.stored()
    journey.updated_at = now


async def publish_journey(session: AsyncSession, journey: Journey, now: datetime) -> str:
    """Have people enter the draft of a locked journey from now on; its content hash. Whoever is inside goes on in
    the version they walk."""
    definition = definition_of(journey)
    content_hash = definition.content_hash()
    await session.execute(
        insert(JourneyVersion)
        .values(
            journey_id=journey.id,
            content_hash=content_hash,
            definition=definition.stored(),
            published_at=now,
        )
        .on_conflict_do_nothing()
    )
    await note_listeners(session, journey.program_id, journey.id, content_hash, definition)
    journey.published_hash = content_hash
    return content_hash


def policy_of(journey: Journey) -> ResumePolicy | None:
    """By which people go on, once it is enabled; None: they never stood still."""
    return None if journey.resume_policy is None else ResumePolicy.model_validate(journey.resume_policy)


async def enable_journey(
    session: AsyncSession, journey: Journey, now: datetime, *, enroll_existing: bool = False
) -> None:
    """Publish the draft of a locked, disabled journey, and let people in. Those who stood still go on, by the policy
    with which it was disabled."""
    await publish_journey(session, journey, now)
    policy = policy_of(journey)
    if policy is not None and journey.disabled_at is not None:
        await resume_everyone(session, journey.id, policy, journey.disabled_at, now)
    journey.resume_policy = None
    journey.is_enabled = True
    journey.enabled_at = journey.updated_at = now
    journey.first_enabled_at = journey.first_enabled_at or now
    journey.enroll_existing_requested_at = now if enroll_existing else None
    wake_journey(session, journey.id)


def disable_journey(
    session: AsyncSession, journey: Journey, now: datetime, resume_policy: ResumePolicy | None = None
) -> None:
    """Let nobody in any more. Whoever is inside goes on to their end, or stands still where there is a policy."""
    journey.is_enabled = False
    journey.disabled_at = now
    journey.enroll_existing_requested_at = None
    set_resume_policy(session, journey, now, resume_policy)


def set_resume_policy(
    session: AsyncSession, journey: Journey, now: datetime, policy: ResumePolicy | None
) -> None:
    """Of a disabled journey. Where people went on until now, they stand still from now on."""
    if journey.resume_policy is None:
        journey.disabled_at = now
    journey.resume_policy = None if policy is None else policy.model_dump(by_alias=True, exclude_none=True)
    journey.updated_at = now
    wake_journey(session, journey.id)


async def delete_journey(session: AsyncSession, journey: Journey, now: datetime) -> None:
    """With its versions. Whoever is inside leaves."""
    await exit_everyone(session, journey.id, ExitReason.JOURNEY_DELETED, now)
    await session.delete(journey)
    wake_journey(session, journey.id)


def wake_journey(session: AsyncSession, journey_id: str) -> None:
    """Have whoever walks the journey look at it, once this transaction has committed."""
    wake_after_commit(session, Sleeper.JOURNEY, {journey_id})
