"""The messages of a run, and people who are erased while they are sent."""

import asyncio
from uuid import UUID

from sqlmodel import col, select

from store.database import Database
from store.participants import erase_participant
from store.tables import Message, RunParticipant
from tests.activities.message_provider import REFUSED, Provider, add_mailable_run, mail_run


async def ledger_of(database: Database, run_id: UUID) -> list[tuple[str, str | None, str | None]]:
    """Outcome, reason and error of each row."""
    async with database.transaction() as session:
        rows = [await session.get_one(RunParticipant, (run_id, seq)) for seq in range(2)]
    return [(row.outcome, row.reason, row.error) for row in rows]


async def messages_of_run(database: Database, run_id: UUID) -> dict[UUID | None, Message]:
    async with database.transaction() as session:
        found = await session.exec(select(Message).where(col(Message.run_id) == run_id))
        return {message.participant_id: message for message in found}


async def test_whoever_is_being_erased_is_not_sent_to_and_nothing_is_written_of_them(
    database: Database, program_id: UUID
) -> None:
    provider = Provider()
    run_id, (leaving, staying) = await add_mailable_run(database, program_id)
    async with database.transaction() as erasing:
        await erase_participant(erasing, program_id, leaving)
        await mail_run(database, run_id, provider)
    assert [message.recipient for message in provider.handed] == ["1@example.com"]
    assert await ledger_of(database, run_id) == [
        ("skipped", "participant_deleted", None),
        ("sent", None, None),
    ]
    assert set(await messages_of_run(database, run_id)) == {staying}


async def test_what_a_provider_says_of_somebody_erased_meanwhile_is_not_kept(
    database: Database, program_id: UUID
) -> None:
    provider = Provider(lambda message: REFUSED)
    provider.open.clear()
    run_id, (leaving, staying) = await add_mailable_run(database, program_id)
    sending = asyncio.create_task(mail_run(database, run_id, provider))
    await provider.was_handed(2)
    async with database.transaction() as erasing:
        await erase_participant(erasing, program_id, leaving)
    provider.open.set()
    await sending
    assert await ledger_of(database, run_id) == [("failed", None, None), ("failed", None, REFUSED.error)]
    messages = await messages_of_run(database, run_id)
    assert (messages[leaving].recipient, messages[leaving].subject, messages[leaving].error) == (
        "",
        None,
        None,
    )
    assert (messages[staying].recipient, messages[staying].error) == ("1@example.com", REFUSED.error)
