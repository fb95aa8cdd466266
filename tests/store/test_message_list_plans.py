"""How the database finds messages that lists show: in indexes, and never by reading the table as a whole."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.actions import Channel
from domain.messages import MessageStatus
from domain.twilio_callbacks import Reply, Wish
from store.database import Database
from store.message_lists import MessageFilter, count_messages, list_messages
from store.message_replies import take_reply
from store.paging import PageRequest
from tests.store.test_rule_list_plans import Plans, assert_found_in_indexes, nodes
from tests.store.test_rule_list_plans import database as database_of_its_own
from tests.store.test_rule_list_plans import program as program_of_its_own

database, program = database_of_its_own, program_of_its_own
RUN, JOURNEY = uuid4(), "0a" * 12
PLACES: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"message_page"}),
    ({"channel": Channel.SMS}, {"message_page"}),
    ({"status": MessageStatus.SENT}, {"message_page"}),
    ({"status": MessageStatus.FAILED}, {"message_not_sent"}),
    ({"run_id": RUN}, {"message_of_run"}),
    ({"run_id": RUN, "status": MessageStatus.SENT}, {"message_of_run"}),
    ({"participant_id": uuid4()}, {"message_of_participant"}),
    ({"automation_id": uuid4()}, {"message_of_automation"}),
    ({"rule_id": uuid4()}, {"message_of_rule"}),
    ({"journey_id": JOURNEY}, {"message_of_journey"}),
    ({"created_from": datetime(2026, 1, 1, tzinfo=UTC)}, {"message_page"}),
]


@pytest.fixture(scope="module")
async def filled(database: Database, program: UUID) -> UUID:
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO message (id, key, program_id, channel, recipient, status, run_id, journey_id, created_at) "
                "SELECT gen_random_uuid(), 'k' || n, :program, CASE WHEN n % 3 = 0 THEN 'sms' ELSE 'email' END, "
                "'p' || n || '@example.com', CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'sent' END, "
                "CASE WHEN n % 2 = 0 THEN CAST(:run AS uuid) END, CASE WHEN n % 7 = 0 THEN :journey END, "
                "now() - n * interval '1 minute' FROM generate_series(1, 4000) AS n"
            ),
            {"program": program, "run": RUN, "journey": JOURNEY},
        )
        await session.execute(text("ANALYZE message"))
    return program


@pytest.mark.parametrize(("fields", "indexes"), PLACES, ids=lambda value: "-".join(sorted(value)))
async def test_pages_and_counts(
    database: Database, filled: UUID, fields: dict[str, Any], indexes: set[str]
) -> None:
    with Plans(database) as plans:
        async with database.transaction() as session:
            page = await list_messages(session, filled, MessageFilter(**fields), PageRequest(10))
            cursor = page.next_cursor
            await list_messages(session, filled, MessageFilter(**fields), PageRequest(10, cursor))
            await count_messages(session, filled, MessageFilter(**fields))
    assert_found_in_indexes(plans)
    first, second, _ = plans.found
    for plan in (first, second):
        assert indexes & {node.get("Index Name") for node in nodes(plan)}, plan
        assert not any(node["Node Type"] == "Sort" for node in nodes(plan)), "sorted once it is read"


async def test_the_beginning_of_an_address(database: Database, filled: UUID) -> None:
    with Plans(database) as plans:
        async with database.transaction() as session:
            wanted = MessageFilter(recipient="P123")
            page = await list_messages(session, filled, wanted, PageRequest(100))
    assert len(page.rows) == 11
    assert_found_in_indexes(plans)
    assert "message_to" in {node.get("Index Name") for plan in plans.found for node in nodes(plan)}


async def test_whoever_replies_is_found_by_the_digits_of_their_number(
    database: Database, program: UUID
) -> None:
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO participant (id, program_id, external_id, phone) SELECT gen_random_uuid(), :program, "
                "'p' || n, '+34 6' || (10000000 + n) FROM generate_series(1, 2000) AS n"
            ),
            {"program": program},
        )
        await session.execute(text("ANALYZE participant"))
    with Plans(database) as plans:
        async with database.transaction() as session:
            reply = Reply("SM1", Channel.SMS, "+34612345678", "STOP", Wish.STOP)
            await take_reply(session, program, reply, "test", datetime.now(UTC))
    used = {node.get("Index Name") for plan in plans.found for node in nodes(plan)}
    assert "participant_phone" in used
