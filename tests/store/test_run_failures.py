"""Whom a run did not reach is told by the address, also where no message came to be."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.run_report import failure_text
from store.database import Database
from store.run_failures import run_failures
from tests.store.records import add_run

REASON = "a value for filter 'divided_by' is not what the template needs"
ADDRESSES = {
    "email": "ana@example.com",
    "phone": "+34612345678",
    "external_id": "ana",
    "attributes": '{"push_token": "token"}',
}


async def failed_run(database: Database, program_id: UUID, action: dict[str, Any] | None) -> UUID:
    """A run whose only message could not be rendered."""
    run_id = await add_run(database, program_id, people=1, definition={"action": action})
    async with database.transaction() as session:
        await session.execute(
            text(
                "UPDATE participant p SET email = :email, phone = :phone, external_id = :external_id, "
                "attributes = CAST(:attributes AS jsonb) FROM run_participant rp "
                "WHERE rp.run_id = :run AND p.id = rp.participant_id"
            ),
            {"run": run_id, **ADDRESSES},
        )
        await session.execute(
            text(
                "UPDATE run_participant SET outcome = 'failed', reason = 'template_error', error = :error "
                "WHERE run_id = :run"
            ),
            {"run": run_id, "error": REASON},
        )
    return run_id


async def told(database: Database, run_id: UUID) -> str:
    async with database.transaction() as session:
        (failure,) = await run_failures(session, run_id, 10)
    return failure_text(failure).replace(str(failure.participant_id), "somebody")


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("email", "ana@example.com"),
        ("sms", "+34612345678"),
        ("whatsapp", "+34612345678"),
        ("push", "token"),
        ("webhook", "ana"),
    ],
)
async def test_a_message_that_was_never_made_is_told_by_where_it_would_have_gone(
    database: Database, program_id: UUID, channel: str, address: str
) -> None:
    run_id = await failed_run(database, program_id, {"type": "send_message", "channel": channel})
    assert await told(database, run_id) == f"Failed to send to {address}: {REASON}"


async def test_without_a_channel_it_is_told_by_the_participant(database: Database, program_id: UUID) -> None:
    run_id = await failed_run(database, program_id, None)
    assert await told(database, run_id) == f"Failed for participant somebody: {REASON}"


async def test_of_a_person_who_was_erased_there_is_no_address(database: Database, program_id: UUID) -> None:
    run_id = await failed_run(database, program_id, {"type": "send_message", "channel": "email"})
    async with database.transaction() as session:
        await session.execute(
            text("DELETE FROM participant WHERE program_id = :program"), {"program": program_id}
        )
    assert await told(database, run_id) == f"Failed for participant somebody: {REASON}"
