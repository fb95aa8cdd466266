"""A worker that is killed while it sends webhooks loses none of them."""

import pytest

from cli.stack import Stack
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.webhook_receiver import TO_THIS_MACHINE, hang, reply, webhook_receiver

MESSAGES = 300


@pytest.mark.parametrize("breakable", [TO_THIS_MACHINE], indirect=True, ids=["to this machine"])
async def test_every_message_arrives_and_the_one_in_doubt_under_the_same_id(
    breakable: Stack, carillon: Carillon
) -> None:
    async with webhook_receiver() as receiver:
        receiver.replies.append(hang)
        answer = await carillon.http.post(f"{carillon.base}/webhooks", json={"url": receiver.url})
        webhook = answer.json()
        for number in range(MESSAGES):
            await carillon.http.post(
                "/v1/events",
                json={"program_id": carillon.program_id, "event_data": {"type": f"number {number}"}},
            )
            if number == MESSAGES // 2:
                await receiver.until_count(1)
                in_doubt = receiver.received[0].message_id
                receiver.always = reply(200)
                await breakable.kill("worker")
        await breakable.start("worker")

        async def all_arrived() -> bool:
            return len({one.message["data"]["event_id"] for one in receiver.received}) == MESSAGES

        await eventually(all_arrived, within=90)
        assert len([one for one in receiver.received if one.message_id == in_doubt]) == 2
        for one in receiver.received[1:]:
            one.verified(webhook["secret"])
