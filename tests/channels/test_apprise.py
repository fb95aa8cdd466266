"""Messages through Apprise, to a service that is a real HTTP server."""

import json
from uuid import uuid4

from channels import Outgoing
from channels.apprise import AppriseChannel
from channels.channel import Delivery, DeliveryProblem, DeliveryStatus
from cli.stack.http_listener import HttpListener, Reply, Request


def message() -> Outgoing:
    return Outgoing(uuid4(), "customer-1042", "Hello", "A coffee on us")


async def test_a_message_goes_to_the_service_that_the_address_names() -> None:
    got: list[dict[str, str]] = []

    async def service(request: Request) -> Reply:
        got.append(json.loads(request.body))
        return Reply(200 if len(got) == 1 else 500)

    async with HttpListener(service) as listener:
        channel = AppriseChannel(f"json://127.0.0.1:{listener.port}/notify")
        assert await channel.send([message()]) == [Delivery(DeliveryStatus.SENT)]
        assert (got[0]["title"], got[0]["message"]) == ("Hello", "A coffee on us")
        assert await channel.send([message()]) == [
            Delivery.failed("the service did not take it", DeliveryProblem.REFUSED)
        ]


async def test_an_address_that_apprise_does_not_know_is_not_configured() -> None:
    (delivery,) = await AppriseChannel("nosuch://somewhere").send([message()])
    assert (delivery.status, delivery.problem) == (DeliveryStatus.FAILED, DeliveryProblem.NOT_CONFIGURED)
