"""SMS through every real part: a run's and a queued one."""

from typing import Any
from uuid import UUID, uuid4

import httpx
from temporalio.client import Client

from cli.stack import Stack
from domain.actions import Channel
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.queued_messages import (
    add_person,
    message_to,
    queue,
    record_of,
    tell_of_messages,
    the_message,
)


async def texts_to(stack: Stack, number: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{stack.addresses.sms_url}/sink/messages")
    return [message for message in answer.json() if message["to"] == number]


def own_number() -> str:
    return f"+3461{uuid4().int % 10**7:07d}"


async def test_a_run_texts_those_who_consent_and_counts_a_wrong_number_as_failed(
    carillon: Carillon, stack: Stack
) -> None:
    number, subscribed = own_number(), {"consent": {"sms": "subscribed"}}
    await carillon.add_people(1, phone=number, first_name="Zoë", **subscribed)
    (wrong,) = await carillon.add_people(1, phone="612345678", **subscribed)
    await carillon.add_people(1, phone=own_number())
    await carillon.add_people(1, email="own", **subscribed)
    automation = await carillon.create(
        action={"type": "send_message", "channel": "sms", "body": "Hello {{ participant.first_name }}"}
    )
    await carillon.trigger(automation["id"])
    run = await carillon.closed_run(automation["id"])
    assert (run["counts"]["total"], run["counts"]["sent"], run["counts"]["failed"]) == (4, 1, 1)
    assert run["counts"]["skipped"] == {"no_consent": 1, "no_address": 1}
    (text,) = await texts_to(stack, number)
    assert text["body"] == "Hello Zoë"
    outcomes = await carillon.outcomes(automation["id"], run["id"])
    (failed,) = [row for row in outcomes if row["participant_id"] == wrong]
    assert (failed["reason"], failed["error"]) == ("invalid_address", "Invalid phone number")


async def test_a_queued_text_leaves_by_itself_and_is_named_by_the_provider(
    carillon: Carillon, stack: Stack, temporal: Client
) -> None:
    program_id, number = UUID(carillon.program_id), own_number()
    async with record_of(stack) as record:
        person = await add_person(record, program_id, phone=number, consent={"sms": "subscribed"})
        message = message_to(
            person, channel=Channel.SMS, recipient=number, subject="", body="Your table is ready"
        )
        await queue(record, message)
        await tell_of_messages(temporal, program_id)

        async def sent() -> bool:
            return (await the_message(record, program_id)).status == "sent"

        await eventually(sent)
        settled = await the_message(record, program_id)
    (text,) = await texts_to(stack, number)
    assert (text["body"], text["key"]) == ("Your table is ready", str(message.id))
    assert settled.provider_id == text["sid"]
