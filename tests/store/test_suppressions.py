"""Suppressions: what gates ask of many addresses at once, and what is left when somebody is erased."""

from uuid import UUID

from sqlmodel import col, select

from domain.actions import Channel
from domain.suppressions import SuppressionReason, is_erased
from store.database import Database
from store.participants import erase_participant
from store.suppressions import lift_unsubscription, suppress, suppressed_among
from store.tables import Suppression
from tests.fixtures.queued_messages import add_person, change_message, message_to, queue

EMAIL = Channel.EMAIL


async def kept(database: Database, program_id: UUID) -> list[Suppression]:
    async with database.transaction() as session:
        statement = select(Suppression).where(col(Suppression.program_id) == program_id)
        return list((await session.exec(statement)).all())


async def test_of_many_addresses_the_suppressed_ones_are_found_with_their_reasons(
    database: Database, program_id: UUID
) -> None:
    async with database.transaction() as session:
        await suppress(session, program_id, EMAIL, "a@example.com", SuppressionReason.BOUNCE, "test")
        await suppress(session, program_id, Channel.SMS, "+34612345678", SuppressionReason.MANUAL, "test")
        asked = ["A@example.com", "a@EXAMPLE.com", "b@example.com"]
        found = await suppressed_among(session, program_id, EMAIL, asked)
        assert found == dict.fromkeys(asked[:2], SuppressionReason.BOUNCE)
        assert await suppressed_among(session, program_id, EMAIL, []) == {}


async def test_who_comes_back_after_being_erased_is_still_not_written_to(
    database: Database, program_id: UUID
) -> None:
    person = await add_person(database, program_id, email="noor@example.com")
    message = message_to(person)
    await queue(database, message)
    await change_message(database, message, recipient="old@example.com")
    async with database.transaction() as session:
        for address in ("noor@example.com", "old@example.com"):
            await suppress(session, program_id, EMAIL, address, SuppressionReason.COMPLAINT, "test")
        assert await erase_participant(session, program_id, person.id)
    assert all(is_erased(one.address) for one in await kept(database, program_id))
    async with database.transaction() as session:
        asked = ["Noor@example.com", "old@example.com", "c@example.com"]
        found = await suppressed_among(session, program_id, EMAIL, asked)
    assert found == dict.fromkeys(asked[:2], SuppressionReason.COMPLAINT)


async def test_who_is_erased_twice_leaves_one_hash(database: Database, program_id: UUID) -> None:
    for _ in range(2):
        person = await add_person(database, program_id, email="noor@example.com")
        async with database.transaction() as session:
            await suppress(session, program_id, EMAIL, "noor@example.com", SuppressionReason.MANUAL, "test")
            await erase_participant(session, program_id, person.id)
    (left,) = await kept(database, program_id)
    assert is_erased(left.address)


async def test_asking_for_messages_again_lifts_an_unsubscription_and_nothing_else(
    database: Database, program_id: UUID
) -> None:
    async with database.transaction() as session:
        for address, reason in (
            ("a@example.com", SuppressionReason.UNSUBSCRIBE),
            ("b@example.com", SuppressionReason.BOUNCE),
        ):
            await suppress(session, program_id, EMAIL, address, reason, "test")
            await lift_unsubscription(session, program_id, EMAIL, address)
    assert [one.address for one in await kept(database, program_id)] == ["b@example.com"]
