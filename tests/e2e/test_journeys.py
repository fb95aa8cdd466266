"""A journey through every real part: made over HTTP, entered by events, mails and texts that really leave."""

from typing import Any
from uuid import UUID, uuid4

import httpx
from temporalio.client import Client

from cli.stack import Stack
from domain.contract import journey_workflow_id
from tests.api.journeys_surface import JourneysSurface, action, delay, split, tag
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.message_templates import add_template
from tests.fixtures.people import query
from tests.fixtures.webhook_receiver import webhook_receiver
from tests.replay.journey_scenarios import tell_of_journey

CONSENT = {"email": "subscribed", "sms": "subscribed"}
NO_COMPLIANCE = {"isStopKeywordIncluded": False, "isUnsubscribeLinkIncluded": False}


def own_number() -> str:
    return f"+3461{uuid4().int % 10**7:07d}"


class Journey:
    """An enabled journey of one program, whose waits are cut short by hand."""

    def __init__(self, carillon: Carillon, stack: Stack, temporal: Client) -> None:
        self.carillon, self.stack, self.temporal = carillon, stack, temporal
        self.surface = JourneysSurface(carillon.http, carillon.program_id)
        self.id = ""
        self.blocks: list[dict[str, Any]] = []

    async def enable(self, *blocks: dict[str, Any]) -> None:
        made = await self.surface.create(*blocks, trigger={"condition": {"event": "signed up"}})
        self.id, self.blocks = made["id"], made["blocks"]
        answer = await self.surface.call("POST", f"/{self.id}/enable")
        assert answer.status_code == 200, answer.text

    async def sign_up(self, participant_id: str) -> None:
        event = {
            "program_id": self.carillon.program_id,
            "participant_id": participant_id,
            "event_data": {"type": "signed up", "plan": "pro"},
        }
        answer = await self.carillon.http.post("/v1/events", json=event)
        assert answer.status_code == 202, answer.text

    async def flow(self) -> dict[str, Any]:
        shown: dict[str, Any] = (await self.surface.call("GET", f"/{self.id}/flow")).json()
        return shown

    async def until(self, **counts: int) -> dict[str, Any]:
        """The flow, once it has these counts."""

        async def look() -> dict[str, Any] | None:
            flow = await self.flow()
            return flow if all(flow[name] == count for name, count in counts.items()) else None

        found: dict[str, Any] = await eventually(look, within=60)
        return found

    async def until_waiting(self, people: int) -> None:
        async def look() -> bool:
            return (
                sum(block["decisions"].get("waiting", 0) for block in (await self.flow())["blocks"]) == people
            )

        await eventually(look, within=60)

    async def let_days_pass(self) -> None:
        await query(
            self.stack.addresses.database_url,
            "UPDATE enrollment SET wake_at = now() WHERE journey_id = %s AND finished_at IS NULL RETURNING 1",
            self.id,
        )
        await tell_of_journey(self.temporal, self.id)

    async def texts_to(self, number: str) -> list[str]:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{self.stack.addresses.sms_url}/sink/messages")
        return [message["body"] for message in answer.json() if message["to"] == number]


def mail(template_id: str) -> dict[str, Any]:
    return action(
        "hello",
        "sendEmail",
        templateID=template_id,
        subject="Welcome [[contact.first_name]]",
        preheader="Glad",
        senderName="Club",
        language="en_US",
    )


async def test_people_are_mailed_wait_for_days_and_part_by_whether_they_opened(
    carillon: Carillon, stack: Stack, temporal: Client
) -> None:
    content = {
        "en": {"subject": "Unused", "body": "Hello [[contact.first_name]], you are on {{ event.plan }}"}
    }
    template = await add_template(carillon.http, carillon.base, contents=content)
    journey = Journey(carillon, stack, temporal)
    opened = {"type": "message", "field": "blockID", "operator": "openedEmail", "value": "hello"}
    await journey.enable(
        mail(template["id"]),
        delay("pause"),
        split(
            "asked",
            [opened],
            [tag("fan", "fan")],
            [action("text", "sendSms", message="Hi [[contact.first_name]]", compliance=NO_COMPLIANCE)],
        ),
    )
    numbers = [own_number() for _ in range(2)]
    people = [
        (await carillon.add_people(1, email="own", phone=number, first_name=name, consent=CONSENT))[0]
        for number, name in zip(numbers, ("Ana", "Bo"), strict=True)
    ]
    for person in people:
        await journey.sign_up(person)
    await journey.until_waiting(2)
    addresses = [
        (await carillon.http.get(f"{carillon.base}/participants/{person}")).json()["email"]
        for person in people
    ]

    async def both_mailed() -> bool:
        return all([await carillon.inbox(address) for address in addresses])

    await eventually(both_mailed)
    (to_ana,) = await carillon.inbox(addresses[0])
    assert to_ana["subject"] == "Welcome Ana"
    assert to_ana["headers"]["From"].startswith("Club <")
    await query(
        stack.addresses.database_url,
        "UPDATE message SET opened_at = now() WHERE participant_id = %s RETURNING 1",
        UUID(people[0]),
    )
    await journey.let_days_pass()
    flow = await journey.until(completed=2, inside=0)
    ids = [block["id"] for block in journey.blocks]
    decisions = {block["blockID"]: block["decisions"] for block in flow["blocks"]}
    assert decisions[ids[0]] == {"sent": 2}
    assert decisions[ids[2]] == {"branched:true": 1, "branched:false": 1}
    ana = (await carillon.http.get(f"{carillon.base}/participants/{people[0]}")).json()
    assert "fan" in ana["tags"]

    async def texted() -> bool:
        return await journey.texts_to(numbers[1]) == ["Hi Bo"]

    await eventually(texted)
    assert await journey.texts_to(numbers[0]) == []
    description = await temporal.get_workflow_handle(journey_workflow_id(journey.id)).describe()
    assert description.workflow_type == "JourneyWorkflow"


async def test_a_webhook_of_a_journey_is_called_with_the_contacts_own_values(
    carillon: Carillon, stack: Stack, temporal: Client
) -> None:
    journey = Journey(carillon, stack, temporal)
    async with webhook_receiver() as receiver:
        await journey.enable(
            action(
                "call",
                "sendWebhook",
                callbackUrl=receiver.url,
                body='{"name": "[[contact.first_name]]", "plan": "[[event.plan]]"}',
                headers=[{"key": "X-Token", "value": "s3cret"}],
            )
        )
        (person,) = await carillon.add_people(1, first_name='Ana "A"')
        await journey.sign_up(person)
        await receiver.until_count(1)
    (call,) = receiver.received
    assert call.message == {"name": 'Ana "A"', "plan": "pro"}
    assert call.headers["x-token"] == "s3cret"
    await journey.until(completed=1)


async def test_a_workflow_that_was_ended_in_mid_wait_is_begun_again_and_nobody_is_lost(
    carillon: Carillon, stack: Stack, temporal: Client
) -> None:
    journey = Journey(carillon, stack, temporal)
    await journey.enable(delay("pause"), tag("after", "after"))
    (person,) = await carillon.add_people(1)
    await journey.sign_up(person)
    await journey.until_waiting(1)
    await temporal.get_workflow_handle(journey_workflow_id(journey.id)).terminate("an operator's choice")
    await query(
        stack.addresses.database_url,
        "UPDATE enrollment SET wake_at = now() - interval '1 minute' WHERE journey_id = %s RETURNING 1",
        journey.id,
    )
    await journey.until(completed=1)
