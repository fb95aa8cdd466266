"""A provider's rate, kept by several workers that send runs and queued messages at the same time."""

import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from uuid import UUID

import httpx
import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from cli.stack import Stack, StackOptions
from domain.actions import Channel
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.queued_messages import (
    add_person,
    message_to,
    messages_of,
    queue,
    record_of,
    tell_of_messages,
)

RATE = 20
OF_A_RUN = 120
QUEUED = 80

pytestmark = pytest.mark.slow


@pytest.fixture
async def two_workers() -> AsyncIterator[Stack]:
    environment = {"CARILLON_CHANNEL_RATES": f'{{"sms": {RATE}}}', "CARILLON_RATE_LIMIT_PER_SECOND": "0"}
    async with Stack(StackOptions(workers=2, extra_env=environment)) as stack:
        yield stack


async def test_two_workers_send_no_faster_than_the_provider_wants(two_workers: Stack) -> None:
    addresses = two_workers.addresses
    headers = {"X-API-Key": addresses.admin_key}
    temporal = await Client.connect(addresses.temporal_address, data_converter=pydantic_data_converter)
    async with (
        httpx.AsyncClient(base_url=addresses.api_url, headers=headers, timeout=60) as http,
        record_of(two_workers) as record,
    ):
        carillon = await Carillon.with_new_program(http, addresses.inbox_url)
        other = UUID((await Carillon.with_new_program(http, addresses.inbox_url)).program_id)
        await carillon.add_people(OF_A_RUN, phone="+34612345678", consent={"sms": "subscribed"})
        person = await add_person(record, other, phone="+34612345679", consent={"sms": "subscribed"})
        begun = time.time()
        texts = [message_to(person, channel=Channel.SMS, recipient=person.phone) for _ in range(QUEUED)]
        await queue(record, *texts)
        await tell_of_messages(temporal, other)
        automation = await carillon.create(
            action={"type": "send_message", "channel": "sms", "body": "Hello"}, cohort_size=30
        )
        await carillon.trigger(automation["id"])
        run = await carillon.closed_run(automation["id"], within=120)
        assert run["counts"]["sent"] == OF_A_RUN

        async def all_sent() -> bool:
            return {message.status for message in await messages_of(record, other)} == {"sent"}

        await eventually(all_sent, within=120)
        taken = (await http.get(f"{addresses.sms_url}/sink/messages")).json()
    assert len(taken) == OF_A_RUN + QUEUED
    instants = sorted(parsedate_to_datetime(message["date_created"]).timestamp() for message in taken)
    # By any moment no more have come than the time since then allows, whatever delays them on their way. A second's
    # worth may have been saved up, and the sink tells whole seconds.
    for came, instant in enumerate(instants, start=1):
        assert came <= RATE * (instant - begun + 2)
