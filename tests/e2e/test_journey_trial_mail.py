"""A trial of a journey's mail arrives in real mailboxes."""

from typing import Any

from tests.api.journeys_surface import JourneysSurface, email
from tests.fixtures.carillon import Carillon, eventually


async def test_a_trial_arrives_at_each_address(carillon: Carillon) -> None:
    journeys = JourneysSurface(carillon.http, carillon.program_id)
    template = await journeys.template(contents={"en": {"subject": "x", "body": "For [[contact.email]]"}})
    made = await journeys.create(email("m", template, subject="A trial"))
    addresses = [f"trial-{number}-{made['id']}@example.com" for number in range(2)]
    block = made["blocks"][0]["id"]
    answer = await journeys.post({"recipients": addresses}, f"/{made['id']}/blocks/{block}/test-email")
    assert answer.status_code == 204, answer.text

    async def arrived() -> list[dict[str, Any]]:
        boxes = [await carillon.inbox(address) for address in addresses]
        return [mail for box in boxes for mail in box] if all(boxes) else []

    assert [mail["subject"] for mail in await eventually(arrived)] == ["A trial", "A trial"]
