"""People's data and the texts of an automation stay in PostgreSQL: no history and no log repeats them."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from temporalio.client import Client

from cli.histories import start_of
from cli.stack import Stack
from domain.contract import WorkflowType
from store.database import Database
from store.tables import Participant
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.queued_messages import message_to, queue, record_of, tell_of_messages, the_message
from tests.replay.anonymous import texts

PLANTED = "planted4711"
EMAIL = f"{PLANTED}.person@example.com"
PERSON: dict[str, Any] = {
    "email": EMAIL,
    "phone": "+3161234711",
    "first_name": f"Xanthippe {PLANTED}",
    "last_name": f"{PLANTED}-name",
    "display_name": f"{PLANTED}-display",
    "attributes": {"colour": f"{PLANTED}-attribute", "rounds": 1_000_000},
    "tags": [f"{PLANTED}-tag"],
    "tiers": {"club": f"{PLANTED}-tier"},
    "consent": {"email": "subscribed"},
}
SECRETS = (PLANTED, PERSON["phone"], "Xanthippe")
FILTER = f'participant.attributes.colour == "{PLANTED}-attribute" && "{PLANTED}-tag" in participant.tags'
TEXTS: dict[str, Any] = {
    "description": f"{PLANTED}-description",
    "event_name": f"{PLANTED}-event",
    "payload": {"note": f"{PLANTED}-payload"},
    "participant_filter": FILTER,
    "guard_condition": f'participant.attributes.colour != "{PLANTED}-guard"',
}
# Both are sound for the empty sample that a new definition is tried with, and fail for the person above.
TOO_LONG = "{% for round in (1..participant.attributes.rounds) %}{{ participant.first_name }}{% endfor %}"
NOT_BASE64 = "{% if participant.first_name %}{{ participant.first_name | base64_decode }}{% endif %}"
NOT_A_NUMBER = "{% if participant.last_name %}{{ 'x' | slice: participant.last_name }}{% endif %}"


def mail(body: str) -> dict[str, Any]:
    subject = f"{PLANTED} {{{{ participant.first_name }}}}"
    return {"type": "send_message", "channel": "email", "subject": subject, "body": body}


async def fanned_out(carillon: Carillon, **fields: Any) -> dict[str, Any]:
    automation = await carillon.create(**TEXTS, **fields)
    assert (await carillon.trigger(automation["id"])).status_code == 200
    run = await carillon.closed_run(automation["id"])
    assert run["counts"]["total"] == 1
    return run


async def reason_of(carillon: Carillon, run: dict[str, Any]) -> str:
    [outcome] = await carillon.outcomes(run["automation_id"], run["id"])
    return str(outcome["reason"])


async def send_queued(stack: Stack, temporal: Client, carillon: Carillon, person_id: UUID) -> None:
    """A message as rules queue them, until it has left."""
    async with record_of(stack) as record:
        async with record.transaction() as session:
            person = await session.get_one(Participant, person_id)
        await queue(record, message_to(person, subject=f"{PLANTED}-subject", body=f"{PLANTED}-body"))
        await tell_of_messages(temporal, person.program_id)

        async def sent() -> bool:
            return (await the_message(record, person.program_id)).status == "sent"

        await eventually(sent)


async def histories_of(temporal: Client, program_id: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    async for history in temporal.list_workflows(f"CarillonProgram = '{program_id}'").map_histories():
        yield start_of(history).workflow_type.name, history.to_json_dict()


def secrets_in(document: Any) -> list[str]:
    return [found for found in texts(document) if any(secret in found for secret in SECRETS)]


def secrets_in_log(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if any(secret in line for secret in SECRETS)]


async def test_people_and_texts_of_an_automation_enter_no_history_and_no_log(
    carillon: Carillon, temporal: Client, stack: Stack
) -> None:
    (person,) = await carillon.add_people(1, **PERSON)
    await carillon.add_people(2)

    await send_queued(stack, temporal, carillon, UUID(person))
    generated = await fanned_out(carillon)
    mailed = await fanned_out(carillon, action=mail(f"{PLANTED} {{{{ payload.note }}}}"))
    broken = [await fanned_out(carillon, action=mail(body)) for body in (TOO_LONG, NOT_BASE64, NOT_A_NUMBER)]
    changed = await carillon.create(**TEXTS, scope="participants")
    answer = await carillon.patch(changed["id"], payload={"note": f"{PLANTED}-amended"}, action=mail(PLANTED))
    assert answer.status_code == 200, answer.text
    await carillon.delete(changed["id"])

    assert [run["counts"]["sent"] for run in (generated, mailed)] == [1, 1]
    assert [run["counts"]["failed"] for run in broken] == [1, 1, 1]
    assert [await reason_of(carillon, run) for run in broken] == ["template_error"] * 3
    assert len(await carillon.inbox(EMAIL)) == 2
    seen = [found async for found in histories_of(temporal, carillon.program_id)]
    assert {kind for kind, _ in seen} >= {
        WorkflowType.AUTOMATION,
        WorkflowType.RUN,
        WorkflowType.COHORT,
        WorkflowType.MESSAGE_DISPATCH,
    }
    assert [(kind, secrets_in(document)) for kind, document in seen if secrets_in(document)] == []
    assert json.dumps([document for _, document in seen]).count(PLANTED) == 0
    logs = sorted((stack.data_dir / "logs").glob("*.log"))
    assert {log.stem for log in logs} >= {"api", "worker-1", "mail", "postgres", "temporal"}
    assert {log.name: secrets_in_log(log) for log in logs if secrets_in_log(log)} == {}


async def test_a_database_error_does_not_quote_the_values_of_its_statement(database: Database) -> None:
    statement = text("SELECT 1 / CAST(:divisor AS int), CAST(:name AS text)")
    with pytest.raises(DBAPIError) as caught:
        async with database.engine.connect() as connection:
            await connection.execute(statement, {"divisor": 0, "name": PLANTED})
    assert PLANTED not in str(caught.value)


def test_a_planted_secret_would_be_found_in_a_payload() -> None:
    encoded = {"payloads": [{"metadata": {}, "data": "eyJuYW1lIjoiWGFudGhpcHBlIn0="}]}
    assert secrets_in(encoded) == ['{"name":"Xanthippe"}']
