"""A worker that is told to end, as at every deployment, leaves nothing in doubt."""

import httpx

from cli.stack import Stack
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.people import add_many_people

MAIL = {"type": "send_message", "channel": "email", "subject": "Hello", "body": "Hi"}
# More than a worker that ends has begun with, which it finishes.
PEOPLE = 12_000


async def test_everybody_gets_the_mail_once_across_a_restart(breakable: Stack, carillon: Carillon) -> None:
    await add_many_people(breakable.addresses.database_url, carillon.program_id, PEOPLE)
    automation = await carillon.create(action=MAIL)
    await carillon.trigger(automation["id"])

    async def under_way() -> bool:
        return bool((await carillon.get(automation["id"]))["participants_processed"] > 200)

    await eventually(under_way, within=60, every=0.02)
    await breakable.restart_worker()
    assert (await carillon.runs(automation["id"]))[0]["status"] == "executing", "the run was over too soon"
    run = await carillon.closed_run(automation["id"], within=120)

    assert (run["status"], run["counts"]["sent"], run["counts"]["unknown"]) == ("completed", PEOPLE, 0)
    async with httpx.AsyncClient(base_url=carillon.inbox_url) as inbox:
        recipients = (await inbox.get("/api/recipients")).json()
    assert len(recipients) == PEOPLE
    assert set(recipients.values()) == {1}
