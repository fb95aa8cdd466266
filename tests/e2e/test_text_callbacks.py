"""What becomes of a text, as its provider tells it: over HTTP, signed, and more than once."""

from collections.abc import AsyncIterator

import httpx
import pytest

from cli.stack import Stack, StackOptions
from cli.stack.ports import free_port
from tests.fixtures.carillon import Carillon, eventually


@pytest.fixture(scope="module")
async def public_stack() -> AsyncIterator[Stack]:
    """A stack whose providers know how to reach it."""
    port = free_port()
    environment = {"CARILLON_PUBLIC_URL": f"http://127.0.0.1:{port}", "CARILLON_RATE_LIMIT_PER_SECOND": "0"}
    async with Stack(StackOptions(api_port=port, extra_env=environment)) as stack:
        yield stack


@pytest.fixture
async def carillon(public_stack: Stack) -> AsyncIterator[Carillon]:
    addresses = public_stack.addresses
    headers = {"X-API-Key": addresses.admin_key}
    async with httpx.AsyncClient(base_url=addresses.api_url, headers=headers, timeout=30) as http:
        yield await Carillon.with_new_program(http, addresses.inbox_url)


async def set_faults(stack: Stack, **wanted: object) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{stack.addresses.sms_url}/sink/faults", json=wanted)
    answer.raise_for_status()


async def text_somebody(carillon: Carillon, number: str) -> str:
    """The id of the run that does it."""
    await carillon.add_people(1, phone=number, consent={"sms": "subscribed"})
    automation = await carillon.create(action={"type": "send_message", "channel": "sms", "body": "Hello"})
    await carillon.trigger(automation["id"])
    return str((await carillon.closed_run(automation["id"]))["id"])


async def delivered(carillon: Carillon, run_id: str) -> dict[str, object]:
    """The run's one message, once it is known to have arrived."""

    async def look() -> dict[str, object] | None:
        answer = await carillon.http.get(f"{carillon.base}/messages", params={"run_id": run_id})
        (message,) = answer.json()["data"]
        return message if message["delivered_at"] else None

    found: dict[str, object] = await eventually(look)
    return found


async def test_a_text_is_known_to_have_arrived_however_often_that_is_told(
    public_stack: Stack, carillon: Carillon
) -> None:
    await set_faults(public_stack, callbacks=["sent", "delivered", "delivered", "sent"])
    message = await delivered(carillon, await text_somebody(carillon, "+34612345601"))
    assert message["status"] == "sent"
    assert message["provider_id"]


async def test_a_callback_settles_a_text_whose_answer_was_lost(
    public_stack: Stack, carillon: Carillon
) -> None:
    await set_faults(public_stack, callbacks=["delivered"], next=["cut_after"])
    message = await delivered(carillon, await text_somebody(carillon, "+34612345602"))
    assert message["status"] == "sent"
