"""A number whose owner wants no more messages, or wants them again: its suppression, and the consent of whoever has it."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from domain.actions import Channel
from domain.participant import Consent
from domain.suppressions import SuppressionReason
from store.contacts import has_number
from store.message_following import change_consent
from store.participants import Lock, get_participant
from store.suppressions import lift_unsubscription, suppress
from store.tables import Participant

# Of those who share a number, as a family may, so many are told.
MOST_PEOPLE = 100


async def people_with(session: AsyncSession, program_id: UUID, number: str) -> list[UUID]:
    return list(await session.exec(_with_number(program_id, number)))


async def lock_people_with(session: AsyncSession, program_id: UUID, number: str) -> list[UUID]:
    """In one order, so that nobody who does so waits for another in a circle."""
    return list(await session.exec(_with_number(program_id, number).with_for_update(key_share=True)))


async def opt_out(
    session: AsyncSession,
    program_id: UUID,
    channel: Channel,
    number: str,
    people: Sequence[UUID],
    source: str,
) -> None:
    """`people`: who has the number, locked. `source`: who says so."""
    await suppress(session, program_id, channel, number, SuppressionReason.UNSUBSCRIBE, source)
    await _change_consents(session, program_id, people, channel, Consent.UNSUBSCRIBED, source)


async def opt_in(
    session: AsyncSession,
    program_id: UUID,
    channel: Channel,
    number: str,
    people: Sequence[UUID],
    source: str,
) -> None:
    """As `opt_out`. A bounce or a complaint stays."""
    await lift_unsubscription(session, program_id, channel, number)
    await _change_consents(session, program_id, people, channel, Consent.SUBSCRIBED, source)


async def _change_consents(
    session: AsyncSession,
    program_id: UUID,
    people: Sequence[UUID],
    channel: Channel,
    consent: Consent,
    source: str,
) -> None:
    for id_ in people:
        person = await get_participant(session, program_id, id_, Lock.AGAINST_CHANGE)
        if person is not None:
            await change_consent(session, person, channel, consent, source)


def _with_number(program_id: UUID, number: str) -> SelectOfScalar[UUID]:
    return (
        select(Participant.id)
        .where(col(Participant.program_id) == program_id, has_number(number))
        .order_by(col(Participant.id))
        .limit(MOST_PEOPLE)
    )
