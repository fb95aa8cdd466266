"""Queued messages whose sender died or lost the link: resolved by the provider's word, or by the channel's policy."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from channels.channel import Delivery
from domain.activity_contract import DeliveryRound
from domain.delivery_policy import DeliveryPolicy
from domain.messages import GIVE_UP_AFTER
from domain.outcomes import UNSETTLED
from store.database import Database
from store.participants import erase_participant
from store.tables import Participant
from tests.activities.message_provider import (
    AWAY,
    IN_DOUBT,
    REFUSED,
    SENT,
    Provider,
    dispatch,
)
from tests.fixtures.queued_messages import (
    add_person,
    change_message,
    message_to,
    queue,
    the_message,
)


async def erase(database: Database, person: Participant) -> None:
    async with database.transaction() as session:
        assert await erase_participant(session, person.program_id, person.id)


async def claimed_by_a_dead_attempt(database: Database, program_id: UUID) -> Participant:
    person = await add_person(database, program_id)
    message = message_to(person)
    await queue(database, message)
    await change_message(database, message, status="sending", claim=uuid4(), attempts=1)
    return person


async def test_at_most_once_leaves_what_a_dead_attempt_claimed_in_doubt(
    database: Database, program_id: UUID
) -> None:
    provider = Provider()
    await claimed_by_a_dead_attempt(database, program_id)
    assert await dispatch(database, program_id, provider) == DeliveryRound(next_due_at=None)
    left = await the_message(database, program_id)
    assert (left.status, left.error, left.body, provider.handed) == ("unknown", UNSETTLED, None, [])


async def test_at_least_once_sends_what_a_dead_attempt_claimed_again(
    database: Database, program_id: UUID
) -> None:
    provider = Provider()
    await claimed_by_a_dead_attempt(database, program_id)
    await dispatch(database, program_id, provider, DeliveryPolicy.AT_LEAST_ONCE)
    again = await the_message(database, program_id)
    assert (again.status, again.attempts) == ("sent", 2)
    assert [one.message_id for one in provider.handed] == [again.id]


async def test_what_the_provider_says_it_took_from_a_dead_attempt_is_sent_whatever_the_policy(
    database: Database, program_id: UUID
) -> None:
    told = replace(SENT, provider_id="SM1")
    provider = Provider(tell=lambda send: told)
    person = await claimed_by_a_dead_attempt(database, program_id)
    await dispatch(database, program_id, provider, DeliveryPolicy.AT_LEAST_ONCE)
    settled = await the_message(database, program_id)
    assert (settled.status, settled.provider_id, settled.body, provider.handed) == ("sent", "SM1", None, [])
    (asked,) = provider.asked
    assert (asked.message.message_id, asked.message.body) == (settled.id, "Glad to have you")
    assert asked.since == settled.available_at
    async with database.transaction() as session:
        assert (await session.get_one(Participant, person.id)).last_contacted_at is not None


@pytest.mark.parametrize(
    ("policy", "status"), [(DeliveryPolicy.AT_MOST_ONCE, "unknown"), (DeliveryPolicy.EXACTLY_ONCE, "sent")]
)
async def test_what_the_provider_cannot_tell_follows_the_policy(
    database: Database, program_id: UUID, policy: DeliveryPolicy, status: str
) -> None:
    await claimed_by_a_dead_attempt(database, program_id)
    await dispatch(database, program_id, Provider(tell=lambda send: None), policy)
    assert (await the_message(database, program_id)).status == status


async def test_the_provider_is_asked_at_once_about_a_send_that_broke_off(
    database: Database, program_id: UUID
) -> None:
    provider = Provider(lambda message: IN_DOUBT, tell=lambda send: replace(SENT, provider_id="SM1"))
    await queue(database, message_to(await add_person(database, program_id)))
    await dispatch(database, program_id, provider)
    settled = await the_message(database, program_id)
    assert (settled.status, settled.error, settled.provider_id) == ("sent", None, "SM1")


async def test_a_send_that_broke_off_is_repeated_where_the_receiver_tells_repeats(
    database: Database, program_id: UUID
) -> None:
    provider = Provider(lambda message: IN_DOUBT if len(provider.handed) == 1 else SENT)
    message = message_to(await add_person(database, program_id))
    await queue(database, message)
    await dispatch(database, program_id, provider, DeliveryPolicy.EXACTLY_ONCE)
    waiting = await the_message(database, program_id)
    assert (waiting.status, waiting.body) == ("queued", "Glad to have you")
    await change_message(database, message, available_at=datetime.now(UTC))
    await dispatch(database, program_id, provider, DeliveryPolicy.EXACTLY_ONCE)
    assert (await the_message(database, program_id)).status == "sent"
    assert [one.message_id for one in provider.handed] == [message.id, message.id]


async def test_a_send_that_is_in_doubt_for_a_day_ends_so(database: Database, program_id: UUID) -> None:
    provider, message = Provider(lambda message: IN_DOUBT), message_to(await add_person(database, program_id))
    await queue(database, message)
    await change_message(database, message, created_at=datetime.now(UTC) - GIVE_UP_AFTER)
    await dispatch(database, program_id, provider, DeliveryPolicy.EXACTLY_ONCE)
    assert (await the_message(database, program_id)).status == "unknown"


async def test_at_least_once_brings_nobody_back_who_was_erased(database: Database, program_id: UUID) -> None:
    provider = Provider()
    await erase(database, await claimed_by_a_dead_attempt(database, program_id))
    await dispatch(database, program_id, provider, DeliveryPolicy.AT_LEAST_ONCE)
    assert ((await the_message(database, program_id)).status, provider.handed) == ("unknown", [])


@pytest.mark.parametrize(
    ("policy", "handed"), [(DeliveryPolicy.AT_MOST_ONCE, 1), (DeliveryPolicy.AT_LEAST_ONCE, 2)]
)
async def test_an_attempt_that_was_thought_dead_still_tells_how_its_send_ended(
    database: Database, program_id: UUID, policy: DeliveryPolicy, handed: int
) -> None:
    slow, quick = Provider(), Provider(lambda message: REFUSED)
    slow.open.clear()
    await queue(database, message_to(await add_person(database, program_id)))
    sending = asyncio.create_task(dispatch(database, program_id, slow, policy))
    await slow.was_handed(1)
    await dispatch(database, program_id, quick, policy)
    slow.open.set()
    await sending
    assert len(slow.handed) + len(quick.handed) == handed
    settled = (await the_message(database, program_id)).status
    assert settled == ("sent" if policy is DeliveryPolicy.AT_MOST_ONCE else "failed")


@pytest.mark.parametrize(
    ("answer", "status"), [(SENT, "sent"), (REFUSED, "failed"), (AWAY, "cancelled"), (IN_DOUBT, "unknown")]
)
async def test_of_somebody_erased_while_being_sent_to_nothing_is_kept_and_nothing_sent_later(
    database: Database, program_id: UUID, answer: Delivery, status: str
) -> None:
    person, provider = await add_person(database, program_id), Provider(lambda message: answer)
    provider.open.clear()
    await queue(database, message_to(person))
    sending = asyncio.create_task(dispatch(database, program_id, provider))
    await provider.was_handed(1)
    await erase(database, person)
    provider.open.set()
    assert await sending == DeliveryRound(next_due_at=None)
    left = await the_message(database, program_id)
    assert (left.status, left.recipient, left.subject, left.body, left.error) == (
        status,
        "",
        None,
        None,
        None,
    )
