"""A worker that ends amid queued messages, killed or told to, sends none of them twice and loses none."""

from collections import Counter
from uuid import UUID

import httpx
import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from cli.stack import Stack
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.people import add_many_people, query
from tests.fixtures.queued_messages import tell_of_messages

MESSAGES = 2_000
UNDER_WAY = 200
QUEUE = """
INSERT INTO message (id, key, program_id, participant_id, channel, recipient, subject, body, status, available_at)
SELECT gen_random_uuid(), 'rule:' || id, program_id, id, 'email', email, 'Hello', 'Hello', 'queued', now()
FROM participant WHERE program_id = %s RETURNING id
"""


async def statuses(stack: Stack, program_id: str) -> Counter[object]:
    rows = await query(
        stack.addresses.database_url,
        "SELECT status, count(*) FROM message WHERE program_id = %s GROUP BY status",
        program_id,
    )
    return Counter({status: int(str(count)) for status, count in rows})


async def begin_sending(stack: Stack, carillon: Carillon) -> None:
    """Until some have left and most have not."""
    await add_many_people(stack.addresses.database_url, carillon.program_id, MESSAGES)
    await query(stack.addresses.database_url, QUEUE, carillon.program_id)
    temporal = await Client.connect(stack.addresses.temporal_address, data_converter=pydantic_data_converter)
    await tell_of_messages(temporal, UUID(carillon.program_id))

    async def under_way() -> bool:
        return (await statuses(stack, carillon.program_id))["sent"] >= UNDER_WAY

    await eventually(under_way, within=60, every=0.02)


async def sent_by_the_end(stack: Stack, carillon: Carillon) -> tuple[Counter[object], dict[str, int]]:
    """What became of the messages, and how many mails each address got."""

    async def settled() -> bool:
        counts = await statuses(stack, carillon.program_id)
        return not counts["queued"] and not counts["sending"]

    await eventually(settled, within=120)
    async with httpx.AsyncClient(base_url=carillon.inbox_url) as inbox:
        recipients = (await inbox.get("/api/recipients")).json()
    return await statuses(stack, carillon.program_id), recipients


async def kill_amid(stack: Stack, carillon: Carillon) -> tuple[Counter[object], dict[str, int]]:
    await begin_sending(stack, carillon)
    await stack.kill("worker")
    assert (await statuses(stack, carillon.program_id))["queued"], "all had left before the worker was killed"
    await stack.start("worker")
    return await sent_by_the_end(stack, carillon)


async def test_no_message_leaves_twice_and_each_in_doubt_is_counted(
    breakable: Stack, carillon: Carillon
) -> None:
    counts, recipients = await kill_amid(breakable, carillon)
    assert counts["sent"] + counts["unknown"] == counts.total() == MESSAGES
    assert set(recipients.values()) == {1}, "somebody got the mail twice"
    assert counts["sent"] <= len(recipients) <= MESSAGES
    sent = await query(
        breakable.addresses.database_url, "SELECT recipient FROM message WHERE status = 'sent'"
    )
    assert all(recipient in recipients for (recipient,) in sent)


@pytest.mark.parametrize(
    "breakable", [{"CARILLON_EMAIL_DELIVERY_POLICY": "at_least_once"}], indirect=True, ids=["at_least_once"]
)
async def test_at_least_once_reaches_everybody_and_leaves_no_doubt(
    breakable: Stack, carillon: Carillon
) -> None:
    counts, recipients = await kill_amid(breakable, carillon)
    assert counts == {"sent": MESSAGES}
    assert len(recipients) == MESSAGES
    assert max(recipients.values()) <= 2, "only a send in doubt may be repeated, once a crash"


async def test_a_worker_that_is_told_to_end_leaves_nothing_in_doubt(
    breakable: Stack, carillon: Carillon
) -> None:
    await begin_sending(breakable, carillon)
    await breakable.restart_worker()
    counts, recipients = await sent_by_the_end(breakable, carillon)
    assert counts == {"sent": MESSAGES}
    assert len(recipients) == MESSAGES
    assert set(recipients.values()) == {1}
