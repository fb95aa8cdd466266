"""What happens in a program arrives, signed, where the program wants to be told."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.webhook_receiver import Received, WebhookReceiver, hang, reply, webhook_receiver


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with webhook_receiver() as receiver:
        yield receiver


async def webhook_at(carillon: Carillon, url: str, *types: str) -> dict[str, Any]:
    answer = await carillon.http.post(
        f"{carillon.base}/webhooks", json={"url": url, "event_types": list(types)}
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def about(received: list[Received], automation_id: str) -> list[str]:
    """The types of messages about one automation, in the order of their arrival."""
    messages = [one.message for one in received]
    return [one["type"] for one in messages if one["data"].get("automation_id") == automation_id]


async def test_an_automation_and_its_run_are_announced_from_creation_to_archive(
    carillon: Carillon, receiver: WebhookReceiver
) -> None:
    webhook = await webhook_at(carillon, receiver.url)
    await carillon.add_people(3)
    automation = await carillon.create(name="Welcome")
    await carillon.trigger(automation["id"])
    run = await carillon.closed_run(automation["id"])
    await carillon.patch(automation["id"], description="changed", status="paused")
    await carillon.patch(automation["id"], status="active")
    await carillon.delete(automation["id"])
    await receiver.until("automation.archived")
    assert about(receiver.received, automation["id"]) == [
        "automation.created",
        "run.started",
        "run.completed",
        "automation.updated",
        "automation.paused",
        "automation.resumed",
        "automation.archived",
    ]
    messages = [one.verified(webhook["secret"]) for one in receiver.received]
    assert all(
        set(message) == {"id", "type", "api_version", "created_at", "organization_id", "data"}
        for message in messages
    )
    assert {message["data"]["program_id"] for message in messages} == {carillon.program_id}
    completed = next(message["data"] for message in messages if message["type"] == "run.completed")
    assert completed["run_id"] == run["id"]
    assert (completed["automation_name"], completed["status"]) == ("Welcome", "completed")
    assert completed["counts"] == run["counts"]


async def test_a_program_scope_run_and_a_one_time_end_are_announced(
    carillon: Carillon, receiver: WebhookReceiver
) -> None:
    await webhook_at(carillon, receiver.url)
    automation = await carillon.create(
        scope="program", trigger={"type": "one_time", "trigger_at": "2020-01-01T00:00:00Z"}
    )
    await receiver.until("automation.completed")
    assert about(receiver.received, automation["id"]) == [
        "automation.created",
        "run.started",
        "run.completed",
        "automation.completed",
    ]


async def test_a_cancelled_run_is_announced(carillon: Carillon, receiver: WebhookReceiver) -> None:
    await webhook_at(carillon, receiver.url, "run.cancelled")
    await carillon.add_people(50)
    automation = await carillon.create(cohort_size=1)
    await carillon.trigger(automation["id"])
    assert (await carillon.cancel(automation["id"])).status_code == 200
    await receiver.until("run.cancelled")
    (received,) = receiver.received
    assert received.message["data"]["counts"]["total"] in {0, 50}


async def test_an_event_that_a_client_sends_is_announced_without_its_contents(
    carillon: Carillon, receiver: WebhookReceiver
) -> None:
    await webhook_at(carillon, receiver.url, "event.received")
    (person,) = await carillon.add_people(1, first_name="Noor", email="noor@example.com")
    event = await carillon.http.post(
        "/v1/events",
        json={
            "program_id": carillon.program_id,
            "participant_id": person,
            "event_data": {"type": "purchase", "note": "for Noor"},
        },
    )
    await receiver.until("event.received")
    (received,) = receiver.received
    data = received.message["data"]
    assert (data["event_id"], data["event_type"], data["participant_id"]) == (
        event.json()["id"],
        "purchase",
        person,
    )
    assert b"Noor" not in received.body
    assert b"noor@" not in received.body


async def test_a_webhook_is_told_only_what_it_wants_of_its_own_program(
    carillon: Carillon, receiver: WebhookReceiver
) -> None:
    await webhook_at(carillon, receiver.url, "run.completed")
    elsewhere = await Carillon.with_new_program(carillon.http, carillon.inbox_url)
    async with webhook_receiver() as other:
        await webhook_at(elsewhere, other.url)
        automation = await carillon.create(scope="program")
        await carillon.trigger(automation["id"])
        await receiver.until("run.completed")
        assert receiver.types == ["run.completed"]
        assert other.received == []


async def test_a_message_that_failed_arrives_with_the_next_attempt(
    carillon: Carillon, receiver: WebhookReceiver
) -> None:
    webhook = await webhook_at(carillon, receiver.url)
    receiver.replies.append(reply(500))
    automation = await carillon.create()
    await receiver.until_count(2)
    first, second = receiver.received
    assert (first.message_id, first.body) == (second.message_id, second.body)
    assert second.verified(webhook["secret"])["data"]["automation_id"] == automation["id"]


async def test_receivers_that_hang_hold_up_nobody_else(carillon: Carillon, receiver: WebhookReceiver) -> None:
    async with AsyncExitStack() as hanging:
        for _ in range(10):
            silent = await hanging.enter_async_context(webhook_receiver())
            silent.always = hang
            await webhook_at(carillon, silent.url)
        await webhook_at(carillon, receiver.url)
        automation = await carillon.create(scope="program")
        await carillon.trigger(automation["id"])
        await receiver.until("automation.created", "run.completed")
        shown = await carillon.http.get(f"{carillon.base}/webhooks")
        for webhook in shown.json()["data"]:
            await carillon.http.delete(f"{carillon.base}/webhooks/{webhook['id']}")


async def test_what_was_announced_while_a_webhook_was_off_is_not_made_up(
    carillon: Carillon, receiver: WebhookReceiver
) -> None:
    webhook = await webhook_at(carillon, receiver.url)
    path = f"{carillon.base}/webhooks/{webhook['id']}"
    await carillon.http.patch(path, json={"enabled": False})
    missed = await carillon.create()
    await carillon.http.patch(path, json={"enabled": True})
    told = await carillon.create()

    async def arrived() -> bool:
        return bool(about(receiver.received, told["id"]))

    await eventually(arrived)
    assert about(receiver.received, missed["id"]) == []
