"""The outbox: what happened is announced in the transaction in which it happens, or not at all."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.automation import AutomationStatus
from domain.run_status import RunStatus
from domain.wake_up import Sleeper
from domain.webhooks import TYPE_OF_RUN_STATUS, TYPE_OF_STATUS, WebhookType, types_of_amendment
from store.tables import Automation, AutomationRun, Event
from store.waking import wake_after_commit

_ANNOUNCE = text(
    "WITH message AS MATERIALIZED (SELECT gen_random_uuid() AS id, CAST(m.body ->> 'subject' AS uuid) AS subject_id, "
    "m.body -> 'data' AS data, m.place "
    "FROM jsonb_array_elements(CAST(:messages AS jsonb)) WITH ORDINALITY AS m(body, place)) "
    "INSERT INTO webhook_delivery "
    "(id, endpoint_id, message_id, type, subject_id, data, status, next_attempt_at, created_at) "
    "SELECT gen_random_uuid(), endpoint.id, message.id, :type, message.subject_id, message.data, 'pending', :now, :now "
    "FROM message JOIN webhook_endpoint endpoint ON endpoint.program_id = :program "
    "AND endpoint.enabled AND (endpoint.event_types = '{}' OR :type = ANY(endpoint.event_types)) "
    "ORDER BY message.place RETURNING endpoint_id"
)
_ANNOUNCE_TO_ONE = text(
    "INSERT INTO webhook_delivery "
    "(id, endpoint_id, message_id, type, subject_id, data, status, next_attempt_at, created_at) "
    "SELECT gen_random_uuid(), id, :message, :type, :subject, CAST(:data AS jsonb), 'pending', :now, :now "
    "FROM webhook_endpoint WHERE id = :endpoint AND program_id = :program AND enabled "
    "RETURNING endpoint_id"
)
# What is told is put together only where somebody is told it, so that events of which nobody is cost next to nothing.
_ANNOUNCE_PROCESSED = text(
    "WITH processed AS MATERIALIZED (SELECT gen_random_uuid() AS message_id, p.* FROM unnest("
    "CAST(:programs AS uuid[]), CAST(:types AS text[]), CAST(:subjects AS uuid[]), CAST(:events AS uuid[]), "
    "CAST(:event_types AS text[]), CAST(:people AS uuid[]), CAST(:conversations AS uuid[]), CAST(:attempts AS int[])) "
    "WITH ORDINALITY AS p(program_id, type, subject_id, event_id, event_type, participant_id, conversation_id, "
    "attempts, place)) "
    "INSERT INTO webhook_delivery "
    "(id, endpoint_id, message_id, type, subject_id, data, status, next_attempt_at, created_at) "
    "SELECT gen_random_uuid(), endpoint.id, p.message_id, p.type, p.subject_id, jsonb_build_object("
    "'program_id', p.program_id, 'event_id', p.event_id, 'event_type', p.event_type, "
    "'participant_id', p.participant_id, 'conversation_id', p.conversation_id, 'attempts', p.attempts), "
    "'pending', :now, :now FROM processed p JOIN webhook_endpoint endpoint ON endpoint.program_id = p.program_id "
    "AND endpoint.enabled AND (endpoint.event_types = '{}' OR p.type = ANY(endpoint.event_types)) "
    "ORDER BY p.place RETURNING endpoint_id"
)


@dataclass(frozen=True, slots=True)
class FinishedEvent:
    """An event that is over: the rules have reacted to it, or it `failed` in the last of its `attempts`.

    `subject_id` is the event's: messages about events of one subject are sent in this order.
    """

    id: UUID
    program_id: UUID
    subject_id: UUID
    type: str
    participant_id: UUID | None
    conversation_id: UUID | None
    attempts: int
    failed: bool = False

    @property
    def told_as(self) -> WebhookType:
        return WebhookType.EVENT_FAILED if self.failed else WebhookType.EVENT_COMPLETED


async def announce(
    session: AsyncSession, program_id: UUID, type_: WebhookType, subject_id: UUID, data: dict[str, Any]
) -> None:
    """A delivery for each endpoint of the program that wants this type: one statement, also for none.

    `subject_id` is the automation or event it is about: its messages are sent in this order. `data` holds ids,
    names of automations, statuses, counts and instants, and nothing else of a person than the id.
    """
    await _announce_all(session, program_id, type_, [(subject_id, data)])


async def announce_to_endpoint(
    session: AsyncSession,
    program_id: UUID,
    endpoint_id: UUID,
    type_: WebhookType,
    subject_id: UUID,
    data: dict[str, Any],
) -> None:
    """A delivery for this endpoint, whatever types it wants; none when it is off, gone or of another program."""
    told = await session.execute(
        _ANNOUNCE_TO_ONE,
        {
            "endpoint": endpoint_id,
            "program": program_id,
            "message": uuid4(),
            "type": type_.value,
            "subject": subject_id,
            "data": json.dumps(_data(program_id, data)),
            "now": datetime.now(UTC),
        },
    )
    wake_after_commit(session, Sleeper.WEBHOOK, told.scalars())


async def announce_finished_events(session: AsyncSession, events: Sequence[FinishedEvent]) -> None:
    """A delivery for each event and each endpoint that wants its type: one statement, also for none."""
    if not events:
        return
    told = await session.execute(
        _ANNOUNCE_PROCESSED,
        {
            "programs": [event.program_id for event in events],
            "types": [event.told_as.value for event in events],
            "subjects": [event.subject_id for event in events],
            "events": [event.id for event in events],
            "event_types": [event.type for event in events],
            "people": [event.participant_id for event in events],
            "conversations": [event.conversation_id for event in events],
            "attempts": [event.attempts for event in events],
            "now": datetime.now(UTC),
        },
    )
    wake_after_commit(session, Sleeper.WEBHOOK, told.scalars())


async def announce_automation(session: AsyncSession, automation: Automation, *types: WebhookType) -> None:
    data = {
        "automation_id": str(automation.id),
        "automation_name": automation.name,
        "status": automation.status,
        "trigger_type": automation.trigger_type,
        "scope": automation.scope,
        "source": automation.source,
        "next_run_at": _instant(automation.next_run_at),
    }
    for type_ in types:
        await announce(session, automation.program_id, type_, automation.id, data)


async def announce_status(session: AsyncSession, automation: Automation) -> None:
    """To be called by whoever has changed an automation's status."""
    await announce_automation(session, automation, TYPE_OF_STATUS[AutomationStatus(automation.status)])


async def announce_amendment(
    session: AsyncSession, automation: Automation, patch: Iterable[str], status_before: str
) -> None:
    """To be called after a patch. `patch`: the names of the fields it sent."""
    changed = automation.status != status_before
    types = types_of_amendment(set(patch), AutomationStatus(automation.status) if changed else None)
    await announce_automation(session, automation, *types)


async def announce_run(session: AsyncSession, run: AutomationRun) -> None:
    """To be called by whoever has changed a run's status: it has begun executing, or it has ended."""
    await _announce_run(session, run, TYPE_OF_RUN_STATUS[RunStatus(run.status)])


async def announce_run_at_once(session: AsyncSession, run: AutomationRun) -> None:
    """A run that starts and completes in one transaction."""
    await _announce_run(session, run, WebhookType.RUN_STARTED)
    await _announce_run(session, run, WebhookType.RUN_COMPLETED)


async def _announce_run(session: AsyncSession, run: AutomationRun, type_: WebhookType) -> None:
    ended = type_ is not WebhookType.RUN_STARTED
    data = {
        "automation_id": str(run.automation_id),
        "automation_name": run.definition["name"],
        "run_id": str(run.id),
        "number": run.number,
        "scope": run.scope,
        "cause": run.cause,
        "status": run.status if ended else RunStatus.EXECUTING.value,
        "error": run.error,
        "requested_at": _instant(run.requested_at),
        "started_at": _instant(run.started_at),
        "completed_at": _instant(run.completed_at) if ended else None,
        "participants_total": run.total,
        "counts": run.counts if ended else None,
    }
    await announce(session, run.program_id, type_, run.automation_id, data)


async def announce_received_events(session: AsyncSession, program_id: UUID, events: Sequence[Event]) -> None:
    """Events of one program that clients sent, in one statement. Those that automations make are told by their run."""
    messages = [
        (
            event.id,
            {
                "event_id": str(event.id),
                "event_type": event.type,
                "participant_id": None if event.participant_id is None else str(event.participant_id),
                "event_timestamp": _instant(event.event_timestamp),
            },
        )
        for event in events
    ]
    await _announce_all(session, program_id, WebhookType.EVENT_RECEIVED, messages)


async def _announce_all(
    session: AsyncSession,
    program_id: UUID,
    type_: WebhookType,
    messages: Sequence[tuple[UUID, dict[str, Any]]],
) -> None:
    """`messages`: the subject and the data of each."""
    told = await session.execute(
        _ANNOUNCE,
        {
            "type": type_.value,
            "messages": json.dumps(
                [
                    {"subject": str(subject_id), "data": _data(program_id, data)}
                    for subject_id, data in messages
                ]
            ),
            "program": program_id,
            "now": datetime.now(UTC),
        },
    )
    wake_after_commit(session, Sleeper.WEBHOOK, told.scalars())


def _data(program_id: UUID, data: dict[str, Any]) -> dict[str, Any]:
    return {"program_id": str(program_id)} | data


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
