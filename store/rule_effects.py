"""Carrying out what rules decided: the people and conversations they changed, and effects beyond them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import RULE_SOURCE, EventKind
from domain.rules.effects import (
    ConversationNote,
    Effect,
    EmittedEvent,
    QueuedMessage,
    StagedAutomation,
    WebhookCall,
)
from domain.rules.processing import EventFacts, ProcessedEvent, Scene
from domain.rules.rule import Rule
from domain.wake_up import Sleeper
from domain.webhooks import WebhookType
from store.event_rows import NewEvent, insert_events
from store.participant_states import change_states
from store.queued_messages import MessageToQueue, queue_messages
from store.rule_consequences import (
    causes_by_conversation,
    causes_by_participant,
    tell_of_conversations,
    tell_of_participants,
)
from store.staged_automations import STAGED_BY_RULE
from store.subscription_follow import ParticipantChange
from store.tables import AutomationChange, Program
from store.waking import wake_after_commit
from store.webhook_announcing import announce_to_endpoint

BY_RULE = "rule:"
_CHANGEABLE = ("status", "assignee", "priority", "labels")

_NOTE = text(
    """
    INSERT INTO conversation_note (id, conversation_id, body, author, created_at)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:conversations AS uuid[]), CAST(:bodies AS text[]),
        CAST(:authors AS text[]), CAST(:at AS timestamptz[]))
    """
)
_CONVERSE = text(
    """
    UPDATE conversation AS c SET status = n.status, assignee = n.assignee, priority = n.priority,
        labels = ARRAY(SELECT jsonb_array_elements_text(n.labels)), updated_at = :now
    FROM jsonb_to_recordset(CAST(:conversations AS jsonb))
        AS n(id uuid, status text, assignee text, priority text, labels jsonb)
    WHERE c.id = n.id
    """
)

Kind = TypeVar("Kind", bound=Effect)


@dataclass(frozen=True, slots=True)
class Caused:
    """An effect, with the event and the rule that it comes from."""

    event: EventFacts
    rule: Rule
    effect: Effect


async def carry_out(
    session: AsyncSession,
    programs: Mapping[UUID, Program],
    processed: Sequence[ProcessedEvent],
    before: Scene,
    after: Scene,
    now: datetime,
) -> None:
    """Write everything, in the transaction in which the events are completed. `before`: the rows as they were read."""
    await _change_participants(session, programs, processed, before, after, now)
    await _change_conversations(session, processed, before, after, now)
    caused = [
        Caused(one.event, outcome.rule, effect)
        for one in processed
        for outcome in one.outcomes
        for effect in outcome.effects
    ]
    if caused:
        await _emit_events(session, caused, now)
        await _add_notes(session, caused, now)
        await _queue_messages(session, caused)
        await _call_webhooks(session, caused)
        _stage_automations(session, caused)


async def _change_participants(
    session: AsyncSession,
    programs: Mapping[UUID, Program],
    processed: Sequence[ProcessedEvent],
    before: Scene,
    after: Scene,
    now: datetime,
) -> None:
    """A participant is written once, however many rules changed it; their history then names all of them."""
    causes = causes_by_participant(processed)
    rules: dict[UUID, list[UUID]] = {}
    for one in processed:
        if one.participant_rules:
            assert one.event.participant_id is not None
            changed_by = rules.setdefault(one.event.participant_id, [])
            changed_by += [rule for rule in one.participant_rules if rule not in changed_by]
    changes: dict[UUID, list[ParticipantChange]] = {}
    for participant_id in sorted(rules):
        was, is_now = before.participants[participant_id], after.participants[participant_id]
        if was != is_now:
            changes.setdefault(is_now["program_id"], []).append(ParticipantChange(was, is_now))
    sources = {
        participant_id: BY_RULE + ",".join(str(rule) for rule in changed_by)
        for participant_id, changed_by in rules.items()
    }
    for program_id, changed in changes.items():
        await change_states(session, programs[program_id], changed, sources, now)
        await tell_of_participants(session, program_id, changed, causes, sources)


async def _change_conversations(
    session: AsyncSession, processed: Sequence[ProcessedEvent], before: Scene, after: Scene, now: datetime
) -> None:
    causes = causes_by_conversation(processed)
    if not causes:
        return
    rows = [
        {"id": str(one)} | {name: after.conversations[one][name] for name in _CHANGEABLE}
        for one in sorted(causes)
    ]
    await session.execute(_CONVERSE, {"conversations": json.dumps(rows, ensure_ascii=False), "now": now})
    changes = [(before.conversations[one], after.conversations[one]) for one in sorted(causes)]
    await tell_of_conversations(session, changes, causes)


async def _emit_events(session: AsyncSession, caused: Sequence[Caused], now: datetime) -> None:
    await insert_events(
        session,
        [
            NewEvent(
                id=effect.id,
                program_id=event.program_id,
                kind=EventKind.SYSTEM,
                data=effect.data,
                source=RULE_SOURCE,
                event_timestamp=now,
                created_at=now,
                participant_id=event.participant_id,
                conversation_id=event.conversation_id,
                channel_source=event.channel_source,
                causation_id=event.id,
                rule_chain=(*event.chain, rule.id),
            )
            for event, rule, effect in _of_kind(caused, EmittedEvent)
        ],
    )


async def _add_notes(session: AsyncSession, caused: Sequence[Caused], now: datetime) -> None:
    notes = list(_of_kind(caused, ConversationNote))
    if notes:
        await session.execute(
            _NOTE,
            {
                "ids": [effect.id for _, _, effect in notes],
                "conversations": [event.conversation_id for event, _, _ in notes],
                "bodies": [effect.body for _, _, effect in notes],
                "authors": [f"{BY_RULE}{rule.id}" for _, rule, _ in notes],
                "at": [now] * len(notes),
            },
        )


async def _queue_messages(session: AsyncSession, caused: Sequence[Caused]) -> None:
    await queue_messages(
        session,
        [
            MessageToQueue(
                id=effect.id,
                key=f"{BY_RULE}{rule.id}:{effect.id}",
                program_id=event.program_id,
                participant_id=event.participant_id,
                channel=effect.channel,
                recipient=effect.recipient,
                subject=effect.subject,
                body=effect.body,
                options=effect.options,
                sending=effect.sending,
                template_id=effect.template_id,
                rule_id=rule.id,
                event_id=event.id,
            )
            for event, rule, effect in _of_kind(caused, QueuedMessage)
        ],
    )


async def _call_webhooks(session: AsyncSession, caused: Sequence[Caused]) -> None:
    for event, rule, effect in _of_kind(caused, WebhookCall):
        data = {
            "rule_id": str(rule.id),
            "rule_name": rule.name,
            "event_id": str(event.id),
            "event_type": event.type,
            "participant_id": _text(event.participant_id),
            "conversation_id": _text(event.conversation_id),
            "payload": effect.payload,
        }
        await announce_to_endpoint(
            session, event.program_id, effect.webhook_id, WebhookType.RULE_ACTION, event.subject_id, data
        )


def _stage_automations(session: AsyncSession, caused: Sequence[Caused]) -> None:
    """Their workflows are started once this is committed, and create them from what is staged."""
    staged = list(_of_kind(caused, StagedAutomation))
    for event, rule, effect in staged:
        session.add(
            AutomationChange(
                id=effect.id,
                automation_id=effect.id,
                program_id=event.program_id,
                kind=STAGED_BY_RULE,
                body=effect.definition.model_dump(mode="json"),
                actor=f"{BY_RULE}{rule.id}",
                causation_id=event.id,
                rule_chain=[*event.chain, rule.id],
            )
        )
    wake_after_commit(session, Sleeper.STAGED_AUTOMATION, (effect.id for _, _, effect in staged))


def _of_kind(caused: Sequence[Caused], kind: type[Kind]) -> Iterator[tuple[EventFacts, Rule, Kind]]:
    for one in caused:
        if isinstance(one.effect, kind):
            yield one.event, one.rule, one.effect


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)
